import fc from 'fast-check'
import t from 'tap'
import { hostOf, parseRoutespec, ROUTESPEC_LIMITS, routeKey } from '../../src/routing/routespec.js'

t.test('a routespec is decoded, with one leading and no trailing slash', async (t) => {
  const cases: Array<[escaped: string, routespec: string]> = [
    ['', '/'],
    ['/', '/'],
    ['user/alice', '/user/alice'],
    ['/user/alice/', '/user/alice'],
    ['/user/foo%40bar', '/user/foo@bar'],
    ['/user/foo@bar', '/user/foo@bar'],
    ['/user/%E7%A7%80%E6%A8%B9', '/user/秀樹'],
    ['/%40/space%20word', '/@/space word'],
    ['/a%2Fb', '/a/b'],
    ['/a\\b', '/a/b'],
    ['/a%5Cb', '/a\\b'],
    ['/user/...', '/user/...'],
    ['/user/.hidden/a..b', '/user/.hidden/a..b'],
    ['/%252e%252e', '/%2e%2e'],
    ['/a//b', '/a//b'],
    ['/100%25', '/100%'],
  ]
  for (const [escaped, routespec] of cases) t.equal(parseRoutespec(escaped), routespec, escaped)
})

t.test('what no routespec can be is refused with the reason', async (t) => {
  t.throws(() => parseRoutespec('/%'), { statusCode: 400, message: /malformed/ })
  t.throws(() => parseRoutespec('/%FF'), { statusCode: 400, message: /malformed/ })
  t.throws(() => parseRoutespec(`/${'x'.repeat(ROUTESPEC_LIMITS.bytes)}`), { statusCode: 400, message: /4096 bytes/ })
  t.throws(() => parseRoutespec('/a'.repeat(ROUTESPEC_LIMITS.segments + 1)), { message: /64 segments/ })
  t.equal(parseRoutespec('/a'.repeat(ROUTESPEC_LIMITS.segments)), '/a'.repeat(ROUTESPEC_LIMITS.segments))
})

t.test('what would be another path to whoever resolves it is refused', async (t) => {
  const dots = ['/user/..', '/..', '/.', '/a/../b/./c', '/user/%2e%2E', '/a%2F..%2Fb', '/a\\..\\b', '/a%5C..', '//..//']
  for (const path of dots)
    t.throws(() => parseRoutespec(path), { statusCode: 400, message: /segment '.' or '..'/ }, path)
  for (const path of ['/a%00', '/a%0Ab', '/a%0d%0a', '/%1b[2J', '/%7F', '/a%C2%85b', '/%C2%9B31m']) {
    t.throws(() => parseRoutespec(path), { statusCode: 400, message: /control character/ }, path)
  }
})

t.test('any name survives being escaped as the hub escapes it', async () => {
  const segment = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .filter((text) => !text.includes('/') && !text.split('\\').some((part) => part === '.' || part === '..'))
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
      const escaped = segments.map(encodeURIComponent).join('/')
      return parseRoutespec(`/${escaped}`) === `/${segments.join('/')}`
    }),
  )
})

t.test('any path is a routespec or a bad request', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (path) => {
      try {
        const routespec = parseRoutespec(path)
        return routespec === '/' || /^\/.*[^/]$/s.test(routespec)
      } catch (error) {
        return (error as { statusCode?: number }).statusCode === 400
      }
    }),
  )
})

t.test("under host routing the host's case makes no difference", async (t) => {
  t.equal(hostOf('/Alice.Example.com/hub'), 'Alice.Example.com')
  t.equal(hostOf('/'), undefined)
  t.equal(routeKey('/Alice.Example.com/Hub', true), '/alice.example.com/Hub')
  t.equal(routeKey('/Alice.Example.com/Hub', false), '/Alice.Example.com/Hub')
  t.equal(routeKey('/', true), '/')
})
