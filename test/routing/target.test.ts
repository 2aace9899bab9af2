import t from 'tap'
import { parseTarget } from '../../src/routing/target.js'

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
  ]
  for (const [target, message] of cases) t.throws(() => parseTarget(target), { statusCode: 400, message }, target)
})
