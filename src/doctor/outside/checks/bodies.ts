import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Check } from '../../model/check.js'
import { failed, ok } from '../../model/check.js'
import { FLOOD_BYTES, STREAM_MS } from '../echo-server.js'
import { arrival, ask, open } from '../request.js'
import type { Visit } from '../visit.js'

const MIB = 1024 * 1024
const UPLOAD_BYTES = 20 * MIB
const UPLOAD_MS = 60_000

export interface UploadFacts {
  readonly status: number | undefined
  readonly bytes: number | undefined
  readonly fault: string | undefined
}

export const UPLOAD: Check<Visit, UploadFacts> = {
  code: 'CEP0823',
  question: 'Does an upload of 20 MB come through?',
  fatal: false,
  remedy: 'nginx: client_max_body_size 0;',
  async gather(visit) {
    await arrival(visit)
    const headers = { 'content-length': String(UPLOAD_BYTES) }
    const body = Readable.from(megabytes(UPLOAD_BYTES / MIB))
    return ask(visit, { method: 'POST', body, headers, limitMs: UPLOAD_MS }).then(
      ({ status, arrived }) => ({ status, bytes: arrived?.bytes, fault: undefined }),
      (error: Error) => ({ status: undefined, bytes: undefined, fault: error.message }),
    )
  },
  judge({ status, bytes, fault }) {
    if (bytes === UPLOAD_BYTES) return ok('all of it arrived')
    if (status === 413) return failed('it is refused as too large (413)')
    if (fault !== undefined) return failed(`the connection ended before it was through: ${fault}`)
    return failed(bytes === undefined ? `it is answered ${status}` : `${bytes} of ${UPLOAD_BYTES} bytes arrived`)
  },
}

function* megabytes(count: number): Iterable<Buffer> {
  const one = Buffer.alloc(MIB)
  for (let sent = 0; sent < count; sent += 1) yield one
}

export interface StreamFacts {
  /** Whether the first part of a stream arrived before the second was sent. */
  readonly firstAlone: boolean
  /** How many bytes of a large answer left the server while the client read none. */
  readonly swallowed: number
}

export const STREAMING: Check<Visit, StreamFacts> = {
  code: 'CEP0824',
  question: 'Do answers arrive as they are sent, without being collected first?',
  fatal: false,
  remedy:
    'Progress of spawning servers comes in one piece at the end, and downloads fill the disk of what stands in front. ' +
    'nginx: proxy_buffering off;',
  async gather(visit) {
    await arrival(visit)
    return { firstAlone: await isFirstAlone(visit), swallowed: await swallowed(visit) }
  },
  judge({ firstAlone, swallowed }) {
    if (!firstAlone) return failed('both parts of a stream came at its end')
    return swallowed < FLOOD_BYTES
      ? ok('a part of a stream arrived before the next was sent, and what is not read is not sent')
      : failed(`what stands in front took ${FLOOD_BYTES / MIB} MB of a download of which the client had read nothing`)
  },
}

/** The second part is sent once the client has the first, or after a while in any case. */
async function isFirstAlone(visit: Visit): Promise<boolean> {
  const name = randomUUID()
  const response = await open(visit, { parameters: { do: 'stream', name }, limitMs: 3 * STREAM_MS })
  let firstAlone: boolean | undefined
  for await (const chunk of response) {
    firstAlone ??= !String(chunk).includes('second')
    if (firstAlone) await ask(visit, { parameters: { do: 'acknowledge', name } })
  }
  if (firstAlone === undefined) throw new Error('the stream was empty')
  return firstAlone
}

const LOOK_MS = 200
/** As long as that without a byte means that the way is full. */
const LOOKS = 5

/** Asks for a large answer, reads nothing of it, and looks how much of it leaves the server. */
async function swallowed(visit: Visit): Promise<number> {
  const name = randomUUID()
  const response = await open(visit, { parameters: { do: 'flood', name } })
  response.on('error', () => {})
  let [left, same] = [0, 0]
  while (left < FLOOD_BYTES && same < LOOKS) {
    await delay(LOOK_MS)
    const { arrived } = await ask(visit, { parameters: { name } })
    const now = arrived?.flooded ?? 0
    same = now === left ? same + 1 : 0
    left = now
  }
  response.destroy()
  return left
}
