import { once } from 'node:events'
import { createServer } from 'node:http'
import { NODE_IP } from './network.js'

const PORT = 8888

/** A server at the node, for pods to reach. It ends with the tests. @returns its address, as the target of a route */
export async function startNodeBackend(t: { teardown(fn: () => unknown): unknown }): Promise<string> {
  const server = createServer((_request, response) => response.end('a notebook')).listen(PORT, NODE_IP)
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://${NODE_IP}:${PORT}`
}
