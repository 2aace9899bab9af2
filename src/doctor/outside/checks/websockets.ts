import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { Check } from '../../model/check.js'
import { failed, ok } from '../../model/check.js'
import { arrival, urlOf } from '../request.js'
import type { Visit } from '../visit.js'

const LIMIT_MS = 10_000

const UPGRADE =
  'nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; ' +
  '(with the map of docs/deployment.md)'
const IDLE = 'nginx: proxy_read_timeout 1d; proxy_send_timeout 1d; (cloud load balancers have an idle timeout too)'

/** Why there is no websocket, or no echo; undefined if there is. */
export type EchoFacts = string | undefined

export const WEBSOCKET: Check<Visit, EchoFacts> = {
  code: 'CEP0821',
  question: 'Do websockets come through?',
  fatal: true,
  remedy: `Without them no notebook runs code. ${UPGRADE}`,
  async gather(visit) {
    await arrival(visit)
    return echoAfter(visit, 0)
  },
  judge: (fault) => (fault === undefined ? ok('a message came back') : failed(fault)),
}

export interface IdleFacts {
  readonly seconds: number
  /** After how many seconds it was closed; undefined if it was not. */
  readonly closedAfter: number | undefined
  readonly fault: EchoFacts
}

export const IDLE_WEBSOCKET: Check<Visit, IdleFacts> = {
  code: 'CEP0822',
  question: 'Does a websocket without traffic stay open?',
  fatal: false,
  remedy: `Idle notebooks lose their kernel's connection. ${IDLE}`,
  async gather(visit) {
    await arrival(visit)
    const seconds = visit.idleMs / 1000
    const now = await echoAfter(visit, 0)
    if (now !== undefined) throw new Error('no websocket comes through (CEP0821)')
    const begun = performance.now()
    const fault = await echoAfter(visit, visit.idleMs)
    const after = (performance.now() - begun) / 1000
    return { seconds, fault, closedAfter: fault === undefined ? undefined : Math.min(after, seconds) }
  },
  judge({ seconds, fault, closedAfter }) {
    if (fault === undefined) return ok(`for ${seconds} s`)
    return failed(`it was closed after ${(closedAfter ?? seconds).toFixed(0)} s`)
  },
}

/** Opens a websocket, waits, and sends a message that must come back. */
async function echoAfter(visit: Visit, idleMs: number): Promise<EchoFacts> {
  const url = urlOf(visit)
  url.protocol = url.protocol.replace('http', 'ws')
  const socket = new WebSocket(url, { rejectUnauthorized: false, handshakeTimeout: LIMIT_MS, perMessageDeflate: false })
  const gone = new AbortController()
  const closed = new Promise<string>((resolve) => {
    socket.once('close', (code) => resolve(`it was closed (${code})`))
    socket.once('error', ({ message }) => resolve(message))
  }).finally(() => gone.abort())
  const done = async () => {
    await once(socket, 'open', { signal: gone.signal })
    await delay(idleMs, undefined, { signal: gone.signal })
    socket.send('still there?')
    const [answer] = await once(socket, 'message', { signal: gone.signal })
    return String(answer) === 'still there?' ? undefined : 'another message came back'
  }
  try {
    return await Promise.race([done().catch(() => closed), closed, lateAfter(idleMs + 3 * LIMIT_MS)])
  } finally {
    socket.terminate()
  }
}

async function lateAfter(ms: number): Promise<string> {
  await delay(ms, undefined, { ref: false })
  return 'no message came back'
}
