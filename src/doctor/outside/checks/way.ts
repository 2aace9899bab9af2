import { request } from 'node:http'
import { request as requestHttps } from 'node:https'
import { clientAddress } from '../../../api/client.js'
import type { Check } from '../../model/check.js'
import { failed, Inapplicable, ok, usable } from '../../model/check.js'
import { hello, urlOf } from '../request.js'
import type { Visit } from '../visit.js'

/** The status of an answer, whether it was the echo server's, or why there was none. */
export interface WayFacts {
  readonly status: number | undefined
  readonly isEcho: boolean
  readonly fault: string | undefined
  readonly echoAt: string
  readonly url: string
}

const LIMIT_MS = 10_000

export const ENVOY_REACHES_ECHO: Check<Visit, WayFacts> = {
  code: 'CEP0801',
  question: 'Does Envoy reach the server that stands in for a user?',
  fatal: true,
  remedy: 'Give an address of this machine, or of this pod, that Envoy can connect to: --echo-address IP:PORT',
  async gather(visit) {
    const { subject, echoAt } = visit
    if (usable(subject.sections.external) !== undefined) {
      throw new Inapplicable('Envoys run elsewhere; CEP0802 goes through them')
    }
    const facts = { echoAt, url: 'the proxy itself' }
    return askDirectly(visit).then(
      (answer) => ({ ...facts, ...answer, fault: undefined }),
      (error: Error) => ({ ...facts, status: undefined, isEcho: false, fault: error.message }),
    )
  },
  judge: ({ status, isEcho, fault, echoAt }) =>
    isEcho ? ok(`at ${echoAt}`) : failed(`not at ${echoAt}: ${fault ?? `the proxy answers ${status}`}`),
}

export const URL_LEADS_HERE: Check<Visit, WayFacts> = {
  code: 'CEP0802',
  question: 'Does the public URL lead to this proxy?',
  fatal: true,
  remedy:
    'See the name in DNS, and where what stands in front sends requests. nginx: proxy_pass http://127.0.0.1:8000;',
  async gather(visit) {
    const facts = { echoAt: visit.echoAt, url: visit.url.origin }
    return hello(visit).then(
      ({ status, arrived }) => ({ ...facts, status, isEcho: arrived !== undefined, fault: undefined }),
      (error: Error) => ({ ...facts, status: undefined, isEcho: false, fault: error.message }),
    )
  },
  judge({ status, isEcho, fault, url }) {
    if (isEcho) return ok(`a request to ${url} arrives`)
    if (fault !== undefined) return failed(`${url} does not answer: ${fault}`)
    if (status === 404) return failed(`something else answers at ${url}, or another proxy: 404`)
    if (status === 503) return failed(`${url} leads to a proxy that can't reach this machine: 503 (see CEP0801)`)
    if (status === 502 || status === 504) {
      return failed(`what stands in front of ${url} can't reach the proxy: ${status}`)
    }
    return failed(`something in front answers ${url} by itself: ${status}`)
  },
}

/** To the proxy's own port, past whatever stands in front. */
async function askDirectly(visit: Visit): Promise<Pick<WayFacts, 'status' | 'isEcho'>> {
  const { sections } = visit.subject
  const at = clientAddress(usable(sections.public))
  const { pathname, search, host } = urlOf(visit)
  const isTls = usable(sections.tls).public !== undefined
  const options = {
    ...('path' in at ? { socketPath: at.path } : at),
    ...{ path: pathname + search, headers: { host }, agent: false, timeout: LIMIT_MS, rejectUnauthorized: false },
  }
  return new Promise((resolve, reject) => {
    const call = (isTls ? requestHttps : request)(options, (response) => {
      response.destroy()
      // Only the echo server answers so: for a user's page there is no such path.
      const isEcho = response.statusCode === 200 && response.headers['content-type'] === 'application/json'
      resolve({ status: response.statusCode, isEcho })
    })
    call.once('timeout', () => call.destroy(new Error(`no answer within ${LIMIT_MS / 1000} s`)))
    call.once('error', reject)
    call.end()
  })
}
