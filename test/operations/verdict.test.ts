import t from 'tap'
import type { Facts, ProbedTarget } from '../../src/operations/explain/facts.js'
import type { Cause } from '../../src/operations/explain/finding.js'
import { findings } from '../../src/operations/explain/verdict.js'
import type { ProbeOutcome } from '../../src/operations/probe/probe.js'
import type { EventKind, RecentEvent } from '../../src/operations/recent/events.js'
import type { RecentCode, RecentFailure } from '../../src/operations/recent/failures.js'

const NOW = new Date('2030-01-02T03:04:05Z')
const before = (seconds: number) => new Date(NOW.getTime() - seconds * 1000)

function target(outcome: ProbeOutcome, status: number | null = null, detail = ''): ProbedTarget {
  const probe = { outcome, status, isOfHub: false, ms: 1, detail }
  return { url: 'http://10.0.0.7:8888', place: 'port 8888 of 10.0.0.7', probe, unresolved: undefined }
}

const unresolved = { host: 'alice.pods', reason: 'there is no such name' }

function failed(code: RecentCode, seconds = 5): RecentFailure {
  return { code, first: before(seconds + 10), last: before(seconds), count: 3 }
}

function event(kind: EventKind, subject: string, reason: string): RecentEvent {
  return { kind, subject, reason, at: before(30), count: 1, isOver: false }
}

const TAKER = { routespec: '/user/alice', target: target('answers', 302), failures: [], maxRequests: 2000 }
const ENVOY = { node: 'envoy-1', state: 'acknowledged', version: 'v', reason: null } as const

/** Alice's server answers, and so does the hub. */
const WELL: Facts = {
  now: NOW,
  path: '/user/alice/lab',
  isHealthCheck: false,
  wanted: { routespec: '/user/alice', refused: undefined },
  taker: TAKER,
  envoys: [ENVOY],
  envoyEvent: undefined,
  failedChange: undefined,
  unstored: undefined,
  ofNoRoute: [],
  certificateEnds: before(-86_400),
  hub: target('answers', 302),
}

const toHub = (hub: ProbedTarget) => ({
  path: '/hub/login',
  wanted: { routespec: '/', refused: undefined },
  taker: { ...TAKER, routespec: '/', target: hub },
  hub: undefined,
})
const taking = (
  more: Partial<typeof TAKER> | { target: ProbedTarget | undefined } | { failures: RecentFailure[] },
) => ({
  taker: { ...TAKER, ...more },
})

const CASES: ReadonlyArray<readonly [what: string, facts: Partial<Facts>, cause: Cause, words: RegExp]> = [
  ['the target refuses', taking({ target: target('refused') }), 'target_refuses', /Nothing listens on port 8888/],
  ['its socket is gone', taking({ target: target('no_socket') }), 'target_refuses', /no socket/],
  ['the target hangs', taking({ target: target('no_answer') }), 'target_hangs', /does not answer/],
  ['its machine is gone', taking({ target: target('no_connection') }), 'target_hangs', /neither accepted nor refused/],
  ['no way leads there', taking({ target: target('unreachable') }), 'target_unreachable', /No way/],
  ['another program listens', taking({ target: target('not_http') }), 'wrong_port', /does not answer as a web server/],
  ['http, not https', taking({ target: target('not_tls') }), 'wrong_port', /does not speak TLS/],
  ['another server listens', taking({ target: target('answers', 404) }), 'wrong_port', /answers 404/],
  [
    "another user's server listens",
    taking({ target: { ...target('answers', 404), probe: { ...target('answers', 404).probe, isOfHub: true } } }),
    'wrong_port',
    /belongs to another route/,
  ],
  ['DNS is gone', taking({ target: { ...target('no_connection'), unresolved } }), 'dns_gone', /alice.pods does not/],
  [
    'DNS never was',
    taking({ target: target('unresolved', null, 'no address') }),
    'dns_gone',
    /host name of http.*: no address/,
  ],
  ['DNS is gone, its address answers', taking({ target: { ...TAKER.target, unresolved } }), 'dns_gone', /alice.pods/],
  ['no route at all', { wanted: undefined, taker: undefined }, 'route_missing', /No route matches/],
  ['only the hub has a route', { taker: { ...TAKER, routespec: '/' } }, 'route_missing', /no route for \/user\/alice/],
  [
    'the stored route is refused',
    { wanted: { routespec: '/user/alice', refused: 'bad address' }, taker: { ...TAKER, routespec: '/' } },
    'route_refused',
    /refused, so \/ gets it: bad address/,
  ],
  [
    'the POST was refused',
    { taker: { ...TAKER, routespec: '/' }, failedChange: event('route_refused', '/user/alice', 'bad address') },
    'route_refused',
    /Envoy refused it .*bad address/,
  ],
  ['its certificate has expired', taking({ target: target('certificate_expired') }), 'target_certificate_expired', /./],
  [
    'its certificate is of another',
    taking({ target: target('certificate_refused') }),
    'target_certificate_refused',
    /./,
  ],
  ["the port's certificate has expired", { certificateEnds: before(7200) }, 'certificate_expired', /2 h ago/],
  ['the route is full', taking({ failures: [failed('route_full')] }), 'route_full', /2000 requests in flight/],
  ['all connections are taken', { ofNoRoute: [failed('connections_full')] }, 'connections_full', /--max-connections/],
  ['the heap is full', { ofNoRoute: [failed('heap_full')] }, 'heap_full', /memory is nearly full/],
  ['too much is unfinished', { ofNoRoute: [failed('unfinished_full')] }, 'unfinished_full', /unfinished/],
  [
    'the disk was full when it was posted',
    { taker: { ...TAKER, routespec: '/' }, failedChange: event('not_stored', '/user/alice', 'the disk is full') },
    'disk_full',
    /\/user\/alice was posted and could not be stored .*the disk is full/,
  ],
  [
    'the disk is full for others',
    { unstored: { since: before(60), reason: 'the disk is full' } },
    'disk_full',
    /the disk is full/,
  ],
  [
    'Envoy restarts',
    { envoys: [], envoyEvent: event('envoy_ended', '', 'signal SIGSEGV') },
    'envoy_restarting',
    /SIGSEGV, 30 s ago/,
  ],
  ['Envoy loads', { envoys: [{ ...ENVOY, state: 'loading' }] }, 'envoy_restarting', /loading/],
  ['no Envoy', { envoys: [] }, 'envoy_away', /No Envoy is connected/],
  ['an Envoy is late', { envoys: [ENVOY, { ...ENVOY, node: 'b', state: 'missing' }] }, 'envoy_behind', /^b has not/],
  ['the hub is down', toHub(target('refused')), 'hub_down', /hub does not answer.*Nothing listens/],
  ['the hub hangs', toHub(target('no_answer')), 'hub_down', /hub does not answer/],
  ['the hub of a server is down', { hub: target('refused') }, 'hub_down', /nobody can log in/],
  ['the server fails', taking({ target: target('answers', 503) }), 'target_fails', /status 503/],
  [
    'Envoy does not reach it',
    taking({ failures: [failed('connection_timeout')] }),
    'envoy_can_not_reach',
    /Envoy could not \(last 5 s ago\)/,
  ],
  ['it has just failed', taking({ failures: [failed('closed')] }), 'recent_failures', /closed the connection/],
  [
    'the health check',
    { isHealthCheck: true, wanted: undefined, taker: undefined },
    'health_check',
    /Envoy answers it/,
  ],
  ['all is well', {}, 'ok', /Nothing is wrong: port 8888 of 10.0.0.7 answers, with status 302/],
]

for (const [what, facts, cause, words] of CASES) {
  t.test(`${what}: ${cause}`, async (t) => {
    const [first] = findings({ ...WELL, ...facts })
    t.match(first, { cause, what: words })
    t.equal(first?.todo === '', cause === 'ok' || cause === 'health_check', 'says what to do')
  })
}

t.test('only what keeps users from their server is an error', async (t) => {
  const severity = (facts: Partial<Facts>) => findings({ ...WELL, ...facts })[0]?.severity
  t.equal(severity({ hub: target('refused') }), 'warning')
  t.equal(severity(taking({ target: target('answers', 404) })), 'warning')
  t.equal(severity(toHub(target('refused'))), 'error')
})

t.test('a limit that was reached lately is a warning, and long ago it does not matter', async (t) => {
  const facts = (seconds: number) => ({
    ...taking({ failures: [failed('route_full', seconds)] }),
    ofNoRoute: [failed('heap_full', seconds)],
  })
  const severities = (seconds: number) =>
    findings({ ...WELL, ...facts(seconds) }).map(({ cause, severity }) => [cause, severity])
  t.strictSame(severities(5), [
    ['heap_full', 'error'],
    ['route_full', 'error'],
  ])
  t.strictSame(severities(120), [
    ['heap_full', 'warning'],
    ['route_full', 'warning'],
  ])
  t.strictSame(severities(1200), [['ok', 'ok']])
})

t.test('errors come before warnings, the proxy before the route, the route before its target', async (t) => {
  const facts: Partial<Facts> = {
    ...taking({ target: target('refused'), failures: [failed('route_full')] }),
    envoys: [],
    hub: target('refused'),
    unstored: { since: before(60), reason: 'the disk is full' },
  }
  t.strictSame(
    findings({ ...WELL, ...facts }).map(({ cause }) => cause),
    ['envoy_away', 'route_full', 'target_refuses', 'disk_full', 'hub_down'],
  )
})
