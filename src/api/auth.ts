import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** Whether who sends a request with these headers may use the API. */
export type Authorize = (headers: IncomingHttpHeaders) => boolean

/** Whoever shows the token; without one everybody but {@link isPage web pages}. */
export function authorize(token: string | undefined): Authorize {
  if (token === undefined) return (headers) => !isPage(headers)
  const isRight = tokenCheck(token)
  return ({ authorization }) => isRight(authorization)
}

/**
 * Whether a web page sends the request. Any page that a browser on this machine shows could else change routes: browsers
 * send such a request and only keep the answer from the page.
 */
function isPage(headers: IncomingHttpHeaders): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
}

/**
 * A check for Authorization headers of the form `token X`, in a time that tells nothing of how much of X was right.
 * As in CHP, what stands before `token` doesn't matter.
 */
export function tokenCheck(token: string): (authorization: string | undefined) => boolean {
  const expected = digest(token)
  return (authorization) => {
    const given = /token\s+(\S+)/.exec(authorization ?? '')?.[1]
    return given !== undefined && timingSafeEqual(digest(given), expected)
  }
}

/** Equal lengths, which the comparison needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
