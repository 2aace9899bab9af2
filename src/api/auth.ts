import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** Whether the sender of a request with these headers may use the API. */
export type Authorize = (headers: IncomingHttpHeaders) => boolean

/** Admits clients with the token; if there is none, all clients except {@link isPage web pages}. */
export function authorize(token: string | undefined): Authorize {
  if (token === undefined) return (headers) => !isPage(headers)
  const isRight = tokenCheck(token)
  return ({ authorization }) => isRight(authorization)
}

/**
 * Whether a web page sends the request. Otherwise any page in a browser on this machine could change routes: browsers
 * send such requests and only hide the answer from the page.
 */
function isPage(headers: IncomingHttpHeaders): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
}

/** A check for Authorization headers of the form `token X`. As in CHP, text before `token` doesn't matter. */
export function tokenCheck(token: string): (authorization: string | undefined) => boolean {
  const isToken = isSecret(token)
  return (authorization) => {
    const given = /token\s+(\S+)/.exec(authorization ?? '')?.[1]
    return given !== undefined && isToken(given)
  }
}

/** Compares with a secret in constant time: it doesn't reveal how much of what was given is right. */
export function isSecret(secret: string): (given: string) => boolean {
  const expected = digest(secret)
  return (given) => timingSafeEqual(digest(given), expected)
}

/** Makes equal lengths, which the comparison needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
