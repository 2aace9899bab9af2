import { once } from 'node:events'
import { createServer } from 'node:http'
import { Server, ServerCredentials, status } from '@grpc/grpc-js'
import type { Test } from 'tap'
import t from 'tap'
import { RPC } from '../../src/store/etcd/rpc.js'
import { base64, Etcd } from '../support/etcd.js'
import { without } from '../support/installed.js'
import { ProxyProcess } from '../support/proxy.js'

/*
 * What an operator reads if etcd can't be used: a start ends with one line that says what to do, and has written nothing.
 */

const skip = await without('etcd', 'etcd-server')
const PREFIX = '/configurable-envoy-proxy/proxy-routes/'
const PASSWORD = 'correct horse battery staple'

/** Starts the proxy, which must end with exit status 1 and one line. */
async function refused(t: Test, endpoint: string, line: RegExp, user?: string, password = PASSWORD): Promise<void> {
  const args = ['--storage-backend', 'etcd', '--etcd-endpoints', endpoint]
  const env = user === undefined ? {} : { CONFIGPROXY_ETCD_PASSWORD: password }
  const proxy = await ProxyProcess.spawn([...args, ...(user === undefined ? [] : ['--etcd-user', user])], { env })
  const { code } = await proxy.exit()
  t.match([code, proxy.output], [1, line])
  t.match(proxy.output, /^[^\n]+\n$/, 'one line')
  t.notMatch(proxy.output, 'horse')
  await proxy.stop()
}

t.test('who may not use etcd', { skip }, async (t) => {
  const etcd = await Etcd.start(t)
  const [endpoint = ''] = etcd.endpoints
  const roles = {
    reader: { permType: 'READ', key: base64(PREFIX), range_end: base64(`${PREFIX.slice(0, -1)}0`) },
    neighbour: { permType: 'READWRITE', key: base64('/other/'), range_end: base64('/other0') },
  }
  for (const name of ['root', ...Object.keys(roles)]) {
    await etcd.call('auth/user/add', { name, password: PASSWORD })
    await etcd.call('auth/role/add', { name })
    await etcd.call('auth/user/grant', { user: name, role: name })
  }
  for (const [name, perm] of Object.entries(roles)) await etcd.call('auth/role/grant', { name, perm })
  await etcd.call('auth/enable')

  const grant = `etcdctl role grant-permission ROLE --prefix=true readwrite ${PREFIX}\\n$`
  await refused(t, endpoint, /asks who this is: give --etcd-user and CONFIGPROXY_ETCD_PASSWORD/)
  await refused(t, endpoint, /refuses --etcd-user reader with the password/, 'reader', 'wrong')
  await refused(t, endpoint, /refuses --etcd-user nobody with the password/, 'nobody')
  await refused(t, endpoint, new RegExp(`does not let reader write below ${PREFIX}. Grant it: ${grant}`), 'reader')
  await refused(t, endpoint, new RegExp(`does not let neighbour write below .* ${grant}`), 'neighbour')

  await etcd.logIn('root', PASSWORD)
  const { kvs = [] } = await etcd.call('kv/range', { key: base64('\0'), range_end: base64('\0') })
  t.strictSame(kvs, [], 'and nothing is written')
})

t.test('an etcd that is too old', async (t) => {
  const asked: string[] = []
  const answer =
    (name: string, reply?: object) => (_call: object, callback: (error: object | null, value?: object) => void) => {
      asked.push(name)
      if (reply === undefined) callback({ code: status.UNIMPLEMENTED, details: name })
      else callback(null, reply)
    }
  const server = new Server()
  const { status: version, txn, range, leaseGrant } = RPC
  // It has no errors in its answer: those came with 3.4.
  server.addService({ version } as never, { version: answer('status', { version: '3.3.25' }) } as never)
  server.addService(
    { txn, range, leaseGrant } as never,
    { txn: answer('txn'), range: answer('range'), leaseGrant: answer('lease') } as never,
  )
  t.teardown(() => server.forceShutdown())
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  await refused(t, `http://127.0.0.1:${port}`, /etcd at http:.* is version 3\.3\.25: 3\.4 or newer is needed\.\n$/)
  t.strictSame(asked, ['status'], 'it is asked for nothing else')
})

t.test('what is no etcd at all', async (t) => {
  const server = createServer((_request, response) => response.end('hello'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  await refused(t, `http://127.0.0.1:${port}`, /etcd at http:.* can't be reached: /)
})
