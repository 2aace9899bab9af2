import { request } from 'node:http'
import { request as requestHttps } from 'node:https'
import { clientAddress } from '../../api/client.js'
import { HEALTH_PATH } from '../../resources/names.js'
import { askApi } from '../facts/api.js'
import { routesOf } from '../facts/routes.js'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok, usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'
import { isRunning } from '../model/subject.js'

/** Of the answer to a call; `fault` if there was none. */
export interface AnswerFacts {
  readonly status: number | undefined
  readonly body: string
  readonly fault: string | undefined
  readonly hasToken: boolean
}

async function ofRunning(subject: Subject, path: string): Promise<AnswerFacts> {
  if (!isRunning(subject)) throw new Inapplicable('it does not run')
  const hasToken = Boolean(subject.env.CONFIGPROXY_AUTH_TOKEN)
  return askApi(subject, path).then(
    (answer) => ({ ...answer, fault: undefined, hasToken }),
    (error: Error) => ({ status: undefined, body: '', fault: error.message, hasToken }),
  )
}

/** A path below /api/routes that no hub uses: an answer shows that the token is right, without the table. */
const ONE_ROUTE = '/api/routes/_cep_doctor'

export const API_ANSWERS: Check<Subject, AnswerFacts> = {
  code: 'CEP0701',
  question: "Does the running proxy's REST API answer, and take the token?",
  fatal: true,
  remedy:
    'Set CONFIGPROXY_AUTH_TOKEN to the token that the proxy was started with; its log has a line for each refused call',
  gather: (subject) => ofRunning(subject, ONE_ROUTE),
  judge({ status, fault, hasToken }) {
    if (fault !== undefined) return failed(fault)
    if (status === 200 || status === 404) return ok('it does')
    if (status !== 403) return failed(`it answers ${status}`)
    if (!hasToken)
      throw new Error('it answers; CONFIGPROXY_AUTH_TOKEN is not set here, so calls with it were not tried')
    return failed('it refuses the token in CONFIGPROXY_AUTH_TOKEN')
  },
}

export const ENVOYS_CONNECTED: Check<Subject, AnswerFacts> = {
  code: 'CEP0702',
  question: 'Is an Envoy connected to the running proxy?',
  fatal: true,
  remedy:
    "See the proxy's log, and `envoy.log` in its runtime directory; external Envoys need the bootstrap of this --xds-address",
  gather: (subject) => ofRunning(subject, '/readyz'),
  judge({ status, body, fault }) {
    if (fault !== undefined) throw new Error(fault)
    const envoys = Number(/Envoys connected: (\d+)/.exec(body)?.[1] ?? 0)
    return status === 200 && envoys > 0 ? ok(`${envoys}`) : failed(`none (${status}: ${body.trim()})`)
  },
}

export const USERS_SERVED: Check<Subject, Pick<AnswerFacts, 'status' | 'fault'>> = {
  code: 'CEP0703',
  question: 'Does the public port of the running proxy answer?',
  fatal: true,
  remedy:
    "See the proxy's log; `configurable-envoy-proxy stop` with the same options and a new start end whatever hangs",
  async gather(subject) {
    if (!isRunning(subject)) throw new Inapplicable('it does not run')
    if (usable(subject.sections.external) !== undefined) throw new Inapplicable('Envoys run elsewhere')
    const { public: tls } = usable(subject.sections.tls)
    if (tls?.clientAuthorities !== undefined) throw new Error('it lets in only clients with a certificate')
    return askHealth(clientAddress(usable(subject.sections.public)), tls !== undefined)
  },
  judge({ status, fault }) {
    if (fault !== undefined) return failed(fault)
    return status === 200 ? ok(`GET ${HEALTH_PATH} is answered`) : failed(`GET ${HEALTH_PATH} is answered ${status}`)
  },
}

const LIMIT_MS = 5_000

function askHealth(
  at: ReturnType<typeof clientAddress>,
  isTls: boolean,
): Promise<Pick<AnswerFacts, 'status' | 'fault'>> {
  const where = 'path' in at ? { socketPath: at.path } : at
  const options = { ...where, path: HEALTH_PATH, agent: false, timeout: LIMIT_MS, rejectUnauthorized: false }
  return new Promise((resolve) => {
    const call = (isTls ? requestHttps : request)(options, (response) => {
      response.destroy()
      resolve({ status: response.statusCode, fault: undefined })
    })
    call.once('timeout', () => call.destroy(new Error(`no answer within ${LIMIT_MS / 1000} s`)))
    call.once('error', ({ message }) => resolve({ status: undefined, fault: message }))
    call.end()
  })
}

export const ROUTES_ACCEPTED: Check<Subject, ReadonlyArray<readonly [routespec: string, reason: string]>> = {
  code: 'CEP0704',
  question: 'Does Envoy serve every route?',
  fatal: false,
  remedy: 'Post the route again with a target that can be used, or DELETE it',
  async gather(subject) {
    if (!isRunning(subject)) throw new Inapplicable('it does not run')
    const routes = await routesOf(subject)
    return routes.flatMap(({ routespec, rejected }) => (rejected === undefined ? [] : [[routespec, rejected] as const]))
  },
  judge(refused) {
    const shown = refused.slice(0, 3).map(([routespec, reason]) => `${routespec} (${reason})`)
    const more = refused.length > 3 ? ` and ${refused.length - 3} more` : ''
    return refused.length === 0 ? ok('all of them') : failed(`not ${shown.join(', ')}${more}`)
  },
}
