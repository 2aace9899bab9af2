import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type { ListenAddress } from '../platform/address.js'
import { shownAddress } from '../platform/address.js'
import { FatalError } from '../platform/fatal-error.js'

/** Who may use the REST API. */
export interface ApiAccess {
  /** The token that each call must have; undefined if everybody may call. */
  readonly token: string | undefined
  /** What the operator should know about it. */
  readonly warnings: readonly string[]
}

/**
 * @param apiAuth false where --no-api-auth is given
 * @throws FatalError if no request can contain the token, or the API would be open to other machines
 */
export function readApiAccess(apiAuth: boolean, at: ListenAddress, env: NodeJS.ProcessEnv): ApiAccess {
  const token = env.CONFIGPROXY_AUTH_TOKEN || undefined
  if (!apiAuth) return openTo(at, token)
  if (token !== undefined) return { token: checked(token), warnings: [] }
  const line =
    'CONFIGPROXY_AUTH_TOKEN is not set, so the REST API refuses every call (403): set it to the token that clients show, or let everyone on this machine call by --no-api-auth'
  return { token: randomBytes(32).toString('hex'), warnings: [line] }
}

function openTo(at: ListenAddress, token: string | undefined): ApiAccess {
  if (token !== undefined) {
    throw new FatalError('--no-api-auth and CONFIGPROXY_AUTH_TOKEN contradict each other. Take one of them away.')
  }
  if (!('socketPath' in at || isLoopback(at.host))) {
    throw new FatalError(
      `--no-api-auth would let everyone who reaches ${shownAddress(at)} change routes. Use --api-ip 127.0.0.1 or --api-socket, or set CONFIGPROXY_AUTH_TOKEN.`,
    )
  }
  const who = 'socketPath' in at ? `who may open ${at.socketPath}` : 'on this machine'
  return { token: undefined, warnings: [`--no-api-auth: everyone ${who} can change routes`] }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** A header's value ends at the end of the line, and the token in it at a blank. */
function checked(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new FatalError(
    'CONFIGPROXY_AUTH_TOKEN has a blank, a line end or another character in it that no request can show as a token: use letters, digits and ASCII punctuation.',
  )
}
