import { createHash, timingSafeEqual } from 'node:crypto'

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
