import { readFile } from 'node:fs/promises'
import { pino } from 'pino'
import type { Test } from 'tap'
import t from 'tap'
import { readEtcd } from '../../src/settings/etcd.js'
import type { EtcdConnection } from '../../src/store/etcd/endpoints.js'
import { EtcdStore } from '../../src/store/etcd/store.js'
import { lastActivity, untilActive } from '../activity/watch.js'
import { examined } from '../doctor/examined.js'
import { join, route, watched } from '../store/shared-contract.js'
import { Backend } from '../support/backend.js'
import { Authority } from '../support/certificate.js'
import { base64, Etcd } from '../support/etcd.js'
import { without } from '../support/installed.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess } from '../support/proxy.js'
import { put, remove } from '../support/store.js'
import { eventually } from '../support/wait.js'

const skip = await without('etcd', 'etcd-server')
const PREFIX = '/configurable-envoy-proxy/proxy-routes/'
const PASSWORD = 'correct horse battery staple'

function open(connection: EtcdConnection, lines: string[] = []): Promise<EtcdStore> {
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line).msg) })
  return EtcdStore.open({ connection, name: 'proxy-routes', hostRouting: false, log })
}

/** What can't be used fails with one sentence. */
function refused(t: Test, connection: EtcdConnection, message: RegExp): Promise<unknown> {
  return t.rejects(open(connection), { name: 'FatalError', message })
}

t.test('with users and roles', { skip }, async (t) => {
  const etcd = await Etcd.start(t)
  for (const name of ['root', 'proxy', 'stranger']) await etcd.call('auth/user/add', { name, password: PASSWORD })
  for (const name of ['root', 'routes']) await etcd.call('auth/role/add', { name })
  const perm = { permType: 'READWRITE', key: base64(PREFIX), range_end: base64(`${PREFIX.slice(0, -1)}0`) }
  await etcd.call('auth/role/grant', { name: 'routes', perm })
  await etcd.call('auth/user/grant', { user: 'root', role: 'root' })
  await etcd.call('auth/user/grant', { user: 'proxy', role: 'routes' })
  await etcd.call('auth/enable')
  const as = (name: string, password = PASSWORD) => ({ ...etcd.connection, user: { name, password } })

  await refused(t, etcd.connection, /etcd at http:.* asks who this is: give --etcd-user and CONFIGPROXY_ETCD_PASSWORD/)
  await refused(t, as('proxy', 'wrong'), /refuses --etcd-user proxy with the password in CONFIGPROXY_ETCD_PASSWORD/)
  await refused(
    t,
    as('stranger'),
    /does not let stranger write below \/configurable-envoy-proxy\/proxy-routes\/. Grant it: etcdctl role grant-permission/,
  )
  await etcd.logIn('root', PASSWORD)
  t.equal(await etcd.get(PREFIX), undefined, 'which has written nothing')

  const store = await open(as('proxy'))
  t.teardown(() => store.close())
  await join(store)
  await store.load()
  const seen = watched(store)
  await put(store, route('/a'))
  await eventually(() => seen.length === 1, 'it follows')
  // A restarted etcd knows no tokens.
  await etcd.stop()
  await etcd.startAgain()
  await eventually(
    () =>
      put(store, route('/b')).then(
        () => true,
        () => false,
      ),
    'it has a new token',
  )
  await eventually(() => seen.length === 2, 'it follows again')
  await store.members.renew()
})

t.test('with certificates', { skip }, async (t) => {
  const authority = await Authority.make()
  t.teardown(() => authority.remove())
  const [server, client] = [await authority.issue(), await authority.issue()]
  const files = [`--cert-file=${server.certFile}`, `--key-file=${server.keyFile}`]
  const args = [...files, '--client-cert-auth', `--trusted-ca-file=${authority.file}`]
  const etcd = await Etcd.start(t, { scheme: 'https', args })
  const read = async (more: object) => {
    const connection = await readEtcd(
      { etcdEndpoints: etcd.endpoints.join(','), etcdSslCa: authority.file, ...more },
      {},
    )
    return connection ?? etcd.connection
  }
  const store = await open(await read({ etcdSslKey: client.keyFile, etcdSslCert: client.certFile }))
  t.teardown(() => store.close())
  await put(store, route('/a'))
  t.strictSame(await store.load(), [route('/a')])
  await refused(t, await read({}), /etcd at https:.* can't be reached: /)
  const stranger = await Authority.make('stranger')
  t.teardown(() => stranger.remove())
  const wrong = { etcdSslKey: client.keyFile, etcdSslCert: client.certFile, etcdSslCa: stranger.file }
  await refused(t, await read(wrong), /can't be reached: .*(self-signed|verify|certificate)/)

  const other = await authority.issue({ names: 'DNS:elsewhere.example.org,IP:127.0.0.2' })
  const otherArgs = [`--cert-file=${other.certFile}`, `--key-file=${other.keyFile}`]
  const elsewhere = await Etcd.start(t, { scheme: 'https', args: otherArgs })
  const { tls } = await read({})
  await refused(t, { ...elsewhere.connection, tls }, /can't be reached: .*127\.0\.0\.1 is not in the cert's list/)
})

t.test('a full etcd takes no route and says why; a start says so, too', { skip }, async (t) => {
  const etcd = await Etcd.start(t, { args: ['--quota-backend-bytes=1000000'] })
  const store = await open(etcd.connection)
  t.teardown(() => store.close())
  await join(store)
  await put(store, route('/small'))
  const data = { target: 'http://127.0.0.1:1', x: 'x'.repeat(400_000) }
  let refusal = ''
  // etcd looks at its size some times a second.
  const isFull = async () => {
    await put(store, { ...route('/a'), data }).catch((error: Error) => {
      refusal = error.message
    })
    return refusal !== ''
  }
  await eventually(isFull, 'it is full')
  t.match(refusal, /could not be stored: .*space exceeded/)
  await store.members.renew()
  await remove(store, '/small')
  const lines: string[] = []
  const next = await open(etcd.connection, lines)
  t.teardown(() => next.close())
  t.match(lines, [/is full \(the alarm NOSPACE\).*etcdctl alarm disarm/])
  t.equal((await next.load()).length, 1)
  await t.rejects(join(next), { message: /space exceeded/ }, 'no other control plane can register')

  const argv = ['--storage-backend', 'etcd', '--etcd-endpoints', etcd.endpoints.join(','), '--no-api-auth']
  const { CEP0514: routes, CEP0516: space } = await examined(['CEP0514', 'CEP0516'], argv, {})
  t.match(routes, { state: 'ok', finding: /^1 routes/ })
  t.match(space, { state: 'failed', finding: /is full \(the alarm NOSPACE\)/ }, 'and doctor says so')
  await etcd.stop()
  const away = await examined(['CEP0514'], argv, {})
  t.match(away.CEP0514, { state: 'failed', finding: /can't be reached: .*ECONNREFUSED/ })
})

t.test('the program ends with one line if it is told wrong', { skip }, async (t) => {
  const [port = 0] = await freePorts(1)
  const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const proxy = await ProxyProcess.spawn(args, { env })
    t.equal((await proxy.exit()).code, 1)
    return proxy.output
  }
  const nowhere = ['--storage-backend', 'etcd', '--etcd-endpoints', `http://127.0.0.1:${port}`]
  t.match(await run(nowhere), /^[^\n]*etcd at http:\/\/127.0.0.1:\d+ can't be reached: [^\n]*ECONNREFUSED[^\n]*\n$/)
  t.match(await run(['--storage-backend', 'etcd']), /^[^\n]*--storage-backend etcd needs --etcd-endpoints.\n$/)
  t.match(await run(nowhere.slice(2)), /^[^\n]*--etcd-endpoints goes with --storage-backend etcd.\n$/)
  t.match(await run([...nowhere, '--etcd-user', 'proxy']), /^[^\n]*needs its password in CONFIGPROXY_ETCD_PASSWORD.\n$/)
  t.match(await run([...nowhere, '--etcd-ssl-ca', 'x']), /^[^\n]*are for https, but --etcd-endpoints has http.\n$/)
  const withPassword = ['--storage-backend', 'etcd', '--etcd-endpoints', `http://proxy:${PASSWORD}@127.0.0.1:1`]
  const output = await run(withPassword)
  t.match(output, /^[^\n]*Each of --etcd-endpoints is a URL of scheme, host and port alone/)
  t.notMatch(output, 'horse')
})

t.test('a proxy keeps routes there, and its password to itself', { skip }, async (t) => {
  const etcd = await Etcd.start(t)
  const backend = await Backend.start('ann')
  t.teardown(() => backend.stop())
  const args = ['--storage-backend', 'etcd', '--etcd-endpoints', etcd.endpoints.join(','), '--etcd-user', 'proxy']
  const env = { CONFIGPROXY_ETCD_PASSWORD: PASSWORD }
  const first = await ProxyProcess.start(args, { env })
  t.teardown(() => first.stop())
  await first.route('/user/ann', backend.url, { user: 'ann' })
  const added = await lastActivity(first)
  t.equal((await fetch(`${first.url}/user/ann/x`)).status, 200)
  await untilActive(first, ['/user/ann'], added)
  const before = await lastActivity(first)
  for (const { pid } of await first.processes()) {
    if (pid === first.child.pid) continue
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    t.notMatch(environment, PASSWORD, 'no other process has it')
  }
  await first.stop()
  const second = await ProxyProcess.start(args, { env })
  t.teardown(() => second.stop())
  t.match(await (await second.api('GET', '/user/ann')).json(), { user: 'ann' })
  t.strictSame(await lastActivity(second), before, 'and an end in order stores when they were in use')
  t.notMatch(first.output + second.output, PASSWORD)
})
