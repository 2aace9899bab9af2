import t from 'tap'
import { parseTarget, withoutSecrets } from '../../src/routing/target.js'

t.test('a target is an http, https or unix URL', async (t) => {
  t.strictSame(parseTarget('http://10.0.0.1:8888'), {
    tls: false,
    address: { host: '10.0.0.1', port: 8888 },
    path: '',
  })
  t.strictSame(parseTarget('https://hub/base/'), { tls: true, address: { host: 'hub', port: 443 }, path: '/base' })
  t.strictSame(parseTarget('http://[::1]'), { tls: false, address: { host: '::1', port: 80 }, path: '' })
  for (const scheme of ['http+unix', 'unix+http']) {
    t.strictSame(parseTarget(`${scheme}://%2Frun%2Fu.sock/p`), {
      tls: false,
      address: { socketPath: '/run/u.sock' },
      path: '/p',
    })
  }
})

t.test('anything else is refused with the reason', async (t) => {
  const cases: Array<[target: string, reason: RegExp]> = [
    ['', /not a URL/],
    ['127.0.0.1:8888', /not a URL/],
    ['localhost:8888', /must start with/],
    ['ftp://host', /must start with/],
    ['http://host:99999', /not a URL/],
    ['http://host:0', /port 0/],
    ['http+unix://relative', /absolute socket path/],
    [`http://host/${'x'.repeat(4096)}`, /longer than 4096 bytes/],
    [`http://host/${'樹'.repeat(1400)}`, /longer than 4096 bytes/],
    ['http://host/a/../b', /segment '.' or '..'/],
    ['http://host/.', /segment '.' or '..'/],
    ['http://host/%2E%2e/b', /segment '.' or '..'/],
    ['http://host/a\\..\\b', /segment '.' or '..'/],
    ['http+unix://%2Frun%2F..%2Fu.sock', /segment '.' or '..'/],
    ['http://ho\nst/', /control character/],
    ['\thttp://host/', /control character/],
    ['http://host/\x1b[2J', /control character/],
    ['http+unix://%2Frun%2Fu%00.sock', /control character/],
    ['http+unix://%2Frun%2Fu%0Ax.sock', /control character/],
  ]
  for (const [target, message] of cases) t.throws(() => parseTarget(target), { statusCode: 400, message }, target)
})

t.test('dots that are no segments, and those of a query, are nothing special', async (t) => {
  for (const target of [
    'http://h/a..b/.c/...',
    'http://h/a?x=/../y',
    'http://10.0.0.1/%20',
    'http+unix://%2Frun%2F.u',
  ]) {
    t.doesNotThrow(() => parseTarget(target), target)
  }
})

t.test('what a log shows of a target opens nothing', async (t) => {
  t.equal(withoutSecrets('http://ann:secret@h:1/a?token=secret'), 'http://...@h:1/a')
  t.equal(withoutSecrets('http+unix://%2Frun%2Fu.sock#secret'), 'http+unix://%2Frun%2Fu.sock')
  t.equal(withoutSecrets('http://h:1/a@b'), 'http://h:1/a@b')
  t.equal(withoutSecrets('nonsense?\nsecret'), 'nonsense')
})

t.test('a refused target is shown so that it fills no log and orders about no terminal', async (t) => {
  const refusal = (target: string) => {
    try {
      parseTarget(target)
    } catch (error) {
      return (error as Error).message
    }
    return ''
  }
  t.match(refusal('http://h/\x1b[2J\r\n'), 'http://h/\\u{1b}[2J\\u{d}\\u{a}')
  t.ok(refusal(`http://h/${'x'.repeat(1_000_000)}`).length < 400)
})
