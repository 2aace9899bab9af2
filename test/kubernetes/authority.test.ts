import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { requireAccount } from '../../src/store/kubernetes/account.js'
import { KubernetesClient } from '../../src/store/kubernetes/client.js'
import { Authority } from '../support/certificate.js'
import { temporaryDirectory } from '../support/directory.js'

const LIMIT_MS = 10_000

t.test('an API server whose authority is replaced is trusted once the pod has the new one', async (t) => {
  const [before, after] = [await Authority.make(), await Authority.make()]
  t.teardown(() => Promise.all([before.remove(), after.remove()]))
  const tokens: (string | undefined)[] = []
  const server = createServer(await before.issue(), (request, response) => {
    tokens.push(request.headers.authorization)
    response.end('{}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const directory = await temporaryDirectory(t)
  const write = (name: string, content: string | Buffer) => writeFile(join(directory, name), content)
  await write('token', 'one')
  await write('namespace', 'hub')
  await write('ca.crt', before.cert)
  const env = {
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String((server.address() as AddressInfo).port),
  }
  const client = new KubernetesClient(await requireAccount(env, directory), LIMIT_MS)
  t.teardown(() => client.close())
  const call = () => client.call({ method: 'GET', path: '/' })
  await call()

  server.setSecureContext(await after.issue())
  await call()
  t.equal(tokens.length, 2, 'a connection that is open goes on')
  server.closeAllConnections()
  await t.rejects(call(), { name: 'ApiAwayError', message: /certificate/ })
  await write('ca.crt', after.cert)
  await write('token', 'two')
  await call()
  t.strictSame(tokens, ['Bearer one', 'Bearer one', 'Bearer two'])

  server.closeAllConnections()
  await write('ca.crt', 'no certificate')
  await t.rejects(call(), { name: 'ApiAwayError' })
})
