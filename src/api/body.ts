import type { IncomingMessage } from 'node:http'
import { BodyIncompleteError, BodyTooLargeError } from './errors.js'

/** The largest body of a request, in bytes; JupyterHub's have a few hundred. */
export const BODY_LIMIT = 1024 * 1024

/**
 * Reads the body of a request. One that is too large isn't read to its end, so the connection must be closed with the
 * answer.
 *
 * @throws BodyTooLargeError, BodyIncompleteError
 */
export function readBody(request: IncomingMessage, limit = BODY_LIMIT): Promise<string> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > limit) throw new BodyTooLargeError()
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > limit) {
        request.removeAllListeners('data').pause()
        reject(new BodyTooLargeError())
      } else chunks.push(chunk)
    })
    request.once('end', () => resolve((chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))?.toString() ?? ''))
    request.once('error', () => reject(new BodyIncompleteError()))
  })
}
