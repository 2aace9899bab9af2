import { FatalError } from '../../platform/fatal-error.js'
import { SERVED_BY } from '../played/responses.js'
import { Browser } from '../users/browser.js'
import type { Outcome } from '../wire/connection.js'
import { headerOf } from '../wire/connection.js'
import type { Origin } from '../wire/socket.js'

const LIMIT_MS = 5_000

/**
 * Asks a proxy that was given for a page of the hub that is played, which its REST API has been told of. Users come only if it
 * leads there: else they would come to something that is not meant.
 *
 * @param url of the proxy, for errors
 * @param hubUrl where the hub is played
 * @throws FatalError if it doesn't lead there
 */
export async function leadsToHub(origin: Origin, url: string, hubUrl: string): Promise<void> {
  const browser = new Browser(origin, undefined, { open: 0, received: 0, sent: 0 })
  const timer = setTimeout(() => browser.close(false), LIMIT_MS)
  const text = `GET /hub/login HTTP/1.1\r\nHost: ${origin.host}\r\n\r\n`
  const outcome = await browser.fetch(text)
  clearTimeout(timer)
  browser.close(false)
  const objection = objectionTo(outcome, hubUrl)
  if (objection !== undefined) throw new FatalError(`--proxy-url ${url} ${objection}`)
}

/** In words that follow its address; undefined if all is well. */
export function objectionTo(outcome: Outcome, hubUrl: string): string | undefined {
  const { status, failure } = outcome
  if (failure === 'refused') return 'takes no connection. Does the proxy run, and is this where users reach it?'
  if (failure === 'closed') return `has not answered within ${LIMIT_MS / 1_000} s.`
  if (failure !== undefined) return `can't be used: ${failure}.`
  if (headerOf(outcome, SERVED_BY) === 'hub') return undefined
  if (status >= 500) {
    return `answers ${status} for ${hubUrl}, where the hub is played: it must reach this address, so rehearse on the machine of the proxy.`
  }
  return `answers ${status}, and not from the hub that --api-url was told of: is that the REST API of this proxy?`
}
