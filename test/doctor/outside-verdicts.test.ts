import t from 'tap'
import { STREAMING, UPLOAD } from '../../src/doctor/outside/checks/bodies.js'
import { ESCAPES, FORWARDED_FOR, FORWARDED_PROTO, HOST } from '../../src/doctor/outside/checks/headers.js'
import { CERTIFICATE_LASTS, CERTIFICATE_TRUSTED, HTTP2 } from '../../src/doctor/outside/checks/tls.js'
import { ENVOY_REACHES_ECHO, URL_LEADS_HERE } from '../../src/doctor/outside/checks/way.js'
import { IDLE_WEBSOCKET, WEBSOCKET } from '../../src/doctor/outside/checks/websockets.js'
import { FLOOD_BYTES } from '../../src/doctor/outside/echo-server.js'
import { OUTSIDE_CHECKS } from '../../src/doctor/outside-checks.js'
import { START_CHECKS } from '../../src/doctor/start-checks.js'
import { bothWays, judged } from './both-ways.js'

const way = { status: 200, isEcho: true, fault: undefined, echoAt: '10.0.0.7:4711', url: 'https://hub' }
bothWays(ENVOY_REACHES_ECHO, way, [
  [{ ...way, isEcho: false, status: 503 }, /not at 10\.0\.0\.7:4711: the proxy answers 503/, /--echo-address IP:PORT/],
  [{ ...way, isEcho: false, fault: 'connect ECONNREFUSED' }, /ECONNREFUSED/],
])
bothWays(URL_LEADS_HERE, way, [
  [{ ...way, isEcho: false, fault: 'getaddrinfo ENOTFOUND hub' }, /does not answer: getaddrinfo ENOTFOUND/],
  [{ ...way, isEcho: false, status: 404 }, /something else answers at https:\/\/hub, or another proxy/],
  [{ ...way, isEcho: false, status: 502 }, /in front of https:\/\/hub can't reach the proxy/],
  [{ ...way, isEcho: false, status: 503 }, /see CEP0801/],
  [{ ...way, isEcho: false, status: 200 }, /answers https:\/\/hub by itself: 200/],
])

const now = new Date()
const later = (days: number) => new Date(now.getTime() + days * 86_400_000 + 1000)
const certificate = { host: 'hub', distrusted: undefined, otherName: undefined, until: later(60), now }
bothWays(CERTIFICATE_TRUSTED, certificate, [
  [{ ...certificate, until: later(-2) }, /it expired on/],
  [{ ...certificate, otherName: 'not in the list' }, /it is not for hub: not in the list/],
  [{ ...certificate, distrusted: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, /has signed itself/],
  [{ ...certificate, distrusted: 'CERT_REJECTED' }, /CERT_REJECTED/],
])
bothWays(CERTIFICATE_LASTS, certificate, [[{ ...certificate, until: later(3) }, /^3 days are left/]])
bothWays(HTTP2, 200, [[undefined, /does not/, /http2 on;/]])

bothWays(WEBSOCKET, undefined, [['Unexpected server response: 400', /400/, /Upgrade \$http_upgrade/]])
bothWays(IDLE_WEBSOCKET, { seconds: 90, closedAfter: undefined, fault: undefined }, [
  [{ seconds: 90, closedAfter: 60.2, fault: 'it was closed (1006)' }, /after 60 s/, /proxy_read_timeout 1d;/],
])
const upload = { status: 200, bytes: 20 * 1024 * 1024, fault: undefined }
bothWays(UPLOAD, upload, [
  [{ ...upload, status: 413, bytes: undefined }, /too large/, /client_max_body_size 0;/],
  [{ ...upload, status: 500, bytes: undefined }, /answered 500/],
  [{ ...upload, bytes: 7 }, /7 of 20971520/],
  [{ status: undefined, bytes: undefined, fault: 'write EPIPE' }, /EPIPE/],
])
bothWays(STREAMING, { firstAlone: true, swallowed: 4_000_000 }, [
  [{ firstAlone: false, swallowed: 0 }, /at its end/, /proxy_buffering off;/],
  [{ firstAlone: true, swallowed: FLOOD_BYTES }, /took 64 MB/],
])

const headers = {
  ...{ url: new URL('https://hub.example.org/x'), own: '192.0.2.7', host: 'hub.example.org' },
  ...{ proto: ['https', 'http'], forwardedFor: ['192.0.2.7', '127.0.0.1'] },
}
bothWays(FORWARDED_PROTO, headers, [
  [{ ...headers, proto: ['http'] }, /says http, and the URL is https/, /X-Forwarded-Proto \$scheme;/],
  [{ ...headers, proto: [] }, /does not arrive/],
])
bothWays(FORWARDED_FOR, headers, [
  [{ ...headers, forwardedFor: ['127.0.0.1'] }, /of what stands in front, not of the client \(192\.0\.2\.7\)/],
  [{ ...headers, forwardedFor: ['unknown'] }, /no address/],
  [{ ...headers, forwardedFor: [] }, /does not arrive/],
])
const behindGateway = { ...headers, own: '10.0.0.7' }
t.match(FORWARDED_FOR.judge(behindGateway), { state: 'ok', finding: /the address that 10\.0\.0\.7 has outside/ })
t.equal(FORWARDED_FOR.judge({ ...headers, forwardedFor: ['198.51.100.4'] }).state, 'undone')
bothWays(HOST, headers, [[{ ...headers, host: '127.0.0.1:8000' }, /arrives as 127\.0\.0\.1:8000/, /Host \$http_host;/]])
bothWays(ESCAPES, '/_cep-doctor-0f/a%2Fb/c%40d', [
  ['/_cep-doctor-0f/a/b/c@d', /arrives as \/a\/b\/c@d/, /proxy_pass without a path/],
])

t.test('every check was judged both ways, and no code is that of another', async (t) => {
  const codes = OUTSIDE_CHECKS.map(({ code }) => code)
  t.strictSame([...judged].sort(), codes)
  t.strictSame(
    START_CHECKS.filter(({ code }) => codes.includes(code)),
    [],
  )
})
