import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Standing } from '../../src/fleet/protocol/messages.js'
import type { FleetView } from '../../src/fleet/view.js'
import type { LimitFill, Snapshot } from '../../src/metrics/snapshot.js'
import type { StatusFacts } from '../../src/operations/status/facts.js'
import { verdict } from '../../src/operations/status/verdict.js'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { before, event, factsOf, failure, SOUND } from './status-facts.js'

const DAY = 86_400
const [ENVOY] = SOUND.envoys
const [CERTIFICATE] = SOUND.certificates
if (ENVOY === undefined || CERTIFICATE === undefined) throw new Error('the sound proxy has both')

function limit(name: string, ratio: number): Partial<Snapshot> {
  const fill: LimitFill = { limit: name, used: ratio * 1000, max: 1000, ratio }
  return { limits: [fill] }
}

/** Of how many answers of the last minutes. */
function failed(count: number, answers: number): Partial<Snapshot> {
  return { recent: { ...SOUND.recent, byClass: new Map([['2', answers]]), failed: count } }
}

function certificate(days: number, option = '--ssl-cert'): Partial<Snapshot> {
  return { certificates: [{ ...CERTIFICATE, option, expires: before(-days * DAY) }] as Snapshot['certificates'] }
}

function fleetOf(standing: Standing): FleetView {
  const lease = { heard_seconds_ago: null, lease_renewed_seconds_ago: 1, fenced: false }
  const self = { id: 'a', address: 'a:1', self: true, standing, acknowledged: '7', envoys: ['envoy-1'], ...lease }
  return { store: 'etcd', revision: '7', members: [self], fenced: [] }
}

function fencedAt(at: Date): FleetView['fenced'][number] {
  return { at: at.toISOString(), id: 'b', address: 'b:1', self: false, why: 'it was not heard' }
}

interface Row {
  readonly facts: string
  readonly snapshot?: Partial<Snapshot>
  readonly more?: Partial<StatusFacts>
  /** The level, the code of the worst finding, and what the line says. */
  readonly expected: readonly ['green'] | readonly ['amber' | 'red', string, RegExp]
}

const ROWS: readonly Row[] = [
  { facts: 'nothing is wrong', expected: ['green'] },
  { facts: 'requests failed a while ago', more: { failures: [failure({ last: before(90) })] }, expected: ['green'] },
  {
    facts: 'a client sends malformed requests',
    more: { failures: [failure({ code: 'malformed' })] },
    expected: ['green'],
  },
  { facts: 'the certificate ends in two weeks', snapshot: certificate(14.5), expected: ['green'] },
  {
    facts: 'Envoy was restarted an hour ago',
    more: { events: [event('envoy_ended', { at: before(3600) })] },
    expected: ['green'],
  },

  {
    facts: 'this control plane has lost its place',
    more: { fleet: fleetOf('out') },
    expected: ['red', 'out_of_place', /has lost its place among the others: it takes no calls/],
  },
  {
    facts: 'another control plane was fenced',
    more: { fleet: { ...fleetOf('in'), fenced: [fencedAt(before(60))] } },
    expected: ['amber', 'member_fenced', /The control plane b:1 was fenced: it was not heard/],
  },
  {
    facts: 'another control plane was fenced an hour ago',
    more: { fleet: { ...fleetOf('in'), fenced: [fencedAt(before(3600))] } },
    expected: ['green'],
  },
  {
    facts: "a user's server is down",
    more: { failures: [failure()] },
    expected: [
      'amber',
      'failed_connection_refused',
      /Requests to \/user\/bob fail: connection refused, nothing listens there \(12 requests\)/,
    ],
  },
  {
    facts: 'most requests fail',
    snapshot: failed(400, 1000),
    more: { failures: [failure({ code: 'answer_timeout' })] },
    expected: ['red', 'failed_answer_timeout', /did not answer in time/],
  },
  {
    facts: 'the hub is down',
    more: { failures: [failure({ routespec: '/' })] },
    expected: ['red', 'hub_down', /The hub at http:\/\/10\.0\.0\.9:8888 does not serve: connection refused/],
  },
  {
    facts: 'connections are closed at the limit',
    more: { failures: [failure({ routespec: undefined, code: 'connections_full' })] },
    expected: ['red', 'failed_connections_full', /--max-connections/],
  },
  {
    facts: 'Envoy has ended',
    snapshot: { envoys: [] },
    more: { events: [event('envoy_ended', { at: before(2) })] },
    expected: ['red', 'envoy_restarting', /Envoy has ended \(by signal 9\) and is being started again/],
  },
  {
    facts: 'Envoy ends again and again',
    more: { events: [event('envoy_back'), event('envoy_ended', { count: 3 })] },
    expected: ['red', 'envoy_restarted', /3 times within ten minutes/],
  },
  {
    facts: 'no Envoy, embedded',
    snapshot: { envoys: [] },
    expected: ['red', 'no_envoy', /is not connected/],
  },
  {
    facts: 'no Envoy, external',
    snapshot: { envoys: [] },
    more: { isEmbedded: false },
    expected: ['red', 'no_envoy', /No Envoy is connected/],
  },
  {
    facts: 'Envoy refuses a resource',
    snapshot: { envoys: [{ ...ENVOY, rejected: 1 }] },
    expected: ['amber', 'envoy_refuses', /proxy-0 refuses a part/],
  },
  {
    facts: 'two versions of Envoy',
    snapshot: { envoys: [ENVOY, { ...ENVOY, version: '1.39.0' }] },
    expected: ['amber', 'versions_differ', /1\.39\.0, 1\.40\.0/],
  },
  {
    facts: 'Envoy was restarted',
    more: { events: [event('envoy_back'), event('envoy_ended')] },
    expected: ['amber', 'envoy_restarted', /restarted within the last ten minutes/],
  },
  { facts: 'the heap fills', snapshot: limit('heap', 0.7), expected: ['amber', 'limit_heap', /nearly full/] },
  {
    facts: 'the heap is full',
    snapshot: limit('heap', 0.85),
    expected: ['red', 'limit_heap', /memory is full: requests are answered 503/],
  },
  {
    facts: 'connections run out',
    snapshot: limit('connections', 0.8),
    expected: ['amber', 'limit_connections', /Few connections/],
  },
  {
    facts: 'no connection is left',
    snapshot: limit('connections', 1),
    expected: ['red', 'limit_connections', /All connections are taken/],
  },
  {
    facts: 'a route is full',
    snapshot: limit('requests_per_route', 1),
    expected: ['amber', 'limit_requests_per_route', /as it may/],
  },
  {
    facts: 'requests are not ended',
    snapshot: limit('waiting_requests', 0.8),
    expected: ['amber', 'limit_waiting_requests', /wait for their bodies/],
  },
  {
    facts: 'uploads are not ended',
    snapshot: limit('uploads', 0.8),
    expected: ['amber', 'limit_uploads', /uploads under way/],
  },
  {
    facts: 'the API is full',
    snapshot: limit('api_connections', 0.95),
    expected: ['amber', 'limit_api_connections', /REST API/],
  },
  {
    facts: 'the certificate ends soon',
    snapshot: certificate(13.5),
    expected: ['amber', 'certificate_ends', /expires in 13 days/],
  },
  {
    facts: 'the certificate ends today',
    snapshot: certificate(0.2),
    expected: ['amber', 'certificate_ends', /in less than a day/],
  },
  {
    facts: 'the certificate has ended',
    snapshot: certificate(-0.1),
    expected: ['red', 'certificate_expired', /--ssl-cert has expired: browsers refuse/],
  },
  {
    facts: "targets' certificate has ended",
    snapshot: certificate(-1, '--client-ssl-cert'),
    expected: ['red', 'certificate_expired', /--client-ssl-cert has expired\.$/],
  },
  {
    facts: 'the disk is nearly full',
    snapshot: { store: { ...SOUND.store, freeBytes: 50 * 2 ** 20 } },
    expected: ['amber', 'disk', /Only 50 MiB/],
  },
  {
    facts: 'the disk is full',
    snapshot: { store: { ...SOUND.store, freeBytes: 0 } },
    expected: ['red', 'store', /disk .* is full: the hub gets 507/],
  },
  { facts: 'the store fails', more: { unstoredSince: before(3) }, expected: ['red', 'store', /writing fails/] },
  {
    facts: "the control plane's heap fills",
    snapshot: { memory: { heapUsed: 90, heapMax: 100, resident: 100 } },
    expected: ['amber', 'control_plane_heap', /memory is nearly full/],
  },
  {
    facts: 'Envoy refuses a route',
    more: { refusals: new Map([['/user/x', 'bad port']]) },
    expected: ['amber', 'routes_refused', /the route \/user\/x \(bad port\)\.$/],
  },
  {
    facts: 'Envoy refused a route that was posted',
    more: { events: [event('route_refused', { subject: '/user/y', reason: 'bad port' })] },
    expected: ['amber', 'route_not_added', /refused the route \/user\/y when it was posted \(bad port\)/],
  },
  {
    facts: 'a refused route was posted again, and taken',
    more: { events: [event('route_refused', { subject: '/user/y', isOver: true })] },
    expected: ['green'],
  },
  {
    facts: 'there is no default route',
    more: { hasDefaultRoute: false },
    expected: ['amber', 'no_default_route', /404 instead of the hub/],
  },
  {
    facts: 'a name has no address',
    snapshot: { names: { used: 3, unresolved: 1, failures: 9 } },
    expected: ['amber', 'names_unresolved', /host name of a target/],
  },
]

for (const { facts, snapshot, more, expected } of ROWS) {
  t.test(`${facts}: ${expected[0]}`, async (t) => {
    const { level, reason, findings } = verdict(factsOf(snapshot, more))
    t.equal(level, expected[0])
    t.equal(findings[0]?.code, expected[1])
    if (expected[2] !== undefined) t.match(reason, expected[2])
    for (const { remedy } of findings) t.match(remedy, /\w.*[.?]$/, 'it says what to do')
  })
}

t.test('the worst finding is the reason, whatever else is found', async (t) => {
  const facts = factsOf({ ...limit('heap', 0.9), ...certificate(3) }, { hasDefaultRoute: false })
  t.strictSame(
    verdict(facts).findings.map(({ code, level }) => [level, code]),
    [
      ['red', 'limit_heap'],
      ['amber', 'certificate_ends'],
      ['amber', 'no_default_route'],
    ],
  )
})

t.test('the documentation lists every finding', async (t) => {
  const text = readFileSync(join(PACKAGE_ROOT, 'docs/status.md'), 'utf8')
  const codes = ROWS.flatMap(({ expected: [, code] }) => code ?? []).map((code) =>
    code.replace(/^failed_.*/, 'failed_...'),
  )
  for (const code of new Set(codes)) t.ok(text.includes(`\`${code}\``), code)
})
