import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { HubApi } from '../../src/rehearse/target/hub-api.js'

const NEVER = new AbortController().signal

function apiAt(port: number): HubApi {
  const host = `127.0.0.1:${port}`
  const origin = { address: '127.0.0.1', port, host, isTls: false, takesAnyCertificate: false }
  return new HubApi(`http://${host}`, 'a-token', origin)
}

t.test('a hub that is not there is one error, and there is nothing to remove', async (t) => {
  const server = createServer((_request, response) => response.writeHead(404).end())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const wrong = apiAt(port)
  await t.rejects(wrong.makeUsers(['ana', 'ben'], 1_000, NEVER), {
    message: /is answered 404\. Is a JupyterHub there\?/,
  })
  t.strictSame(await wrong.removeUsers(), [])
  await wrong.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  const none = apiAt(port)
  await t.rejects(none.makeUsers(['ana', 'ben'], 1_000, NEVER), { message: /ECONNREFUSED.*is --hub right\?/ })
  t.strictSame(await none.removeUsers(), [])
  await none.close()
})

t.test('who ends it while users are made is told so, and those that were made are removed', async (t) => {
  const calls: string[] = []
  const over = new AbortController()
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url?.replace('/hub/api', '')}`)
    if (calls.length === 2) over.abort()
    if (request.method === 'GET') response.end('{"servers": {}}')
    else if (request.method === 'DELETE') response.writeHead(204).end()
    else response.writeHead(201).end('{"token": "x"}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const api = apiAt((server.address() as AddressInfo).port)
  const names = Array.from({ length: 40 }, (_, user) => `rehearsal-${user}`)
  await t.rejects(api.makeUsers(names, 1_000, over.signal), { message: /ended before anybody came/, exitStatus: 2 })
  const made = calls.filter((call) => /^POST \/users\/[^/]+$/.test(call)).length
  t.ok(made >= 1 && made <= 20, `${made} were made`)
  t.strictSame(await api.removeUsers(), [])
  t.equal(calls.filter((call) => call.startsWith('DELETE ')).length, made)
  await api.close()
})
