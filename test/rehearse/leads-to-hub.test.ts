import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { leadsToHub, objectionTo } from '../../src/rehearse/run/leads-to-hub.js'
import type { Outcome } from '../../src/rehearse/wire/connection.js'

const HUB = 'http://127.0.0.1:4711'

function outcome(status: number, failure?: string): Outcome {
  return { status, head: `HTTP/1.1 ${status} X`, body: '', failure }
}

t.test('a proxy that leads elsewhere, or nowhere, is refused in words', async (t) => {
  t.match(objectionTo(outcome(0, 'refused'), HUB), /takes no connection\. Does the proxy run/)
  t.match(objectionTo(outcome(0, 'closed'), HUB), /has not answered within 5 s/)
  t.match(objectionTo(outcome(0, 'DEPTH_ZERO_SELF_SIGNED_CERT'), HUB), /can't be used: DEPTH_ZERO/)
  t.match(
    objectionTo(outcome(503), HUB),
    /answers 503 for http:\/\/127\.0\.0\.1:4711.*rehearse on the machine of the proxy/,
  )
  t.match(objectionTo(outcome(200), HUB), /answers 200, and not from the hub that --api-url was told of/)
})

t.test('one that leads to the hub that is played is taken', async (t) => {
  let from = 'hub'
  const server = createServer((_request, response) => response.setHeader('X-Served-By', from).end('hub'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const origin = { address: '127.0.0.1', port, host: `127.0.0.1:${port}`, isTls: false, takesAnyCertificate: false }
  await leadsToHub(origin, 'http://x', HUB)
  from = 'somebody'
  await t.rejects(leadsToHub(origin, 'http://x', HUB), { message: /^--proxy-url http:\/\/x answers 200, and not/ })
})
