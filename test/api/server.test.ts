import { lookup } from 'node:dns/promises'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import t from 'tap'
import type { Api } from '../../src/api/api.js'
import { serveApi } from '../../src/api/server.js'
import { freePorts } from '../support/ports.js'

const log = pino({ level: 'silent' })

/** Serves an API on a free port of localhost. */
async function serve(t: { teardown(fn: () => unknown): unknown }, api: Api): Promise<number> {
  const [port = 0] = await freePorts(1)
  const at = { host: 'localhost', port }
  t.teardown(await serveApi({ api, at, token: undefined, maxConnections: 9, tls: undefined, log, onAnswer: () => {} }))
  return port
}

/** Sends the pieces of a body without saying how long it is. */
function post(host: string, port: number, pieces: readonly string[]): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ host, port, method: 'POST', agent: false }, async (response) => {
      resolve({ status: response.statusCode ?? 0, body: await text(response) })
    })
    call.on('error', reject)
    for (const piece of pieces) call.write(piece)
    call.end()
  })
}

t.test('localhost is each of its addresses', async (t) => {
  const port = await serve(t, async ({ body }) => ({ status: 200, type: 'text/plain', body: await body() }))
  const addresses = await lookup('localhost', { all: true })
  for (const { address } of addresses) {
    t.strictSame(await post(address, port, ['a', 'b']), { status: 200, body: 'ab' }, address)
  }
})

t.test('a body that never says how long it is, is read up to the limit', async (t) => {
  const port = await serve(t, async ({ body }) =>
    body().then(
      () => ({ status: 200 }),
      ({ statusCode, message }) => ({ status: statusCode, type: 'text/plain', body: message }),
    ),
  )
  const half = 'x'.repeat(512 * 1024)
  t.equal((await post('localhost', port, [half, half])).status, 200)
  const { status, body } = await post('localhost', port, [half, half, 'x'])
  t.strictSame([status, body], [413, 'Request body is too large'])
})
