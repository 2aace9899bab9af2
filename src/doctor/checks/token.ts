import { FatalError } from '../../platform/fatal-error.js'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok, undone } from '../model/check.js'
import type { Subject } from '../model/subject.js'
import { isRunning } from '../model/subject.js'

/** Nothing here shows the token. */
export interface TokenFacts {
  /** Undefined if it isn't set. */
  readonly length: number | undefined
  /** Whether it is one character again and again, or the example of a document. */
  readonly isGuessable: boolean
  /** Why it can't be used. */
  readonly fault: string | undefined
  readonly isRunning: boolean
}

const LEAST_LENGTH = 16
const EXAMPLES = /^(changeme|secret|token|password|test|<.*>|(.)\2*)$/i

export const TOKEN: Check<Subject, TokenFacts> = {
  code: 'CEP0501',
  question: 'Is there a token for the REST API that nobody can guess?',
  fatal: false,
  remedy:
    'export CONFIGPROXY_AUTH_TOKEN="$(openssl rand -hex 32)", the same for the hub; JupyterHub sets it for a proxy that it starts',
  async gather(subject) {
    const { values, env, sections } = subject
    if (!values.apiAuth) throw new Inapplicable('--no-api-auth lets everyone on this machine call')
    const token = env.CONFIGPROXY_AUTH_TOKEN
    const fault =
      sections.api instanceof FatalError && /CONFIGPROXY_AUTH_TOKEN/.test(sections.api.message)
        ? sections.api.message
        : undefined
    return {
      length: token ? token.length : undefined,
      isGuessable: EXAMPLES.test(token ?? ''),
      fault,
      isRunning: isRunning(subject),
    }
  },
  judge({ length, isGuessable, fault, isRunning }) {
    if (fault !== undefined) return failed(fault.replace(/\.$/, ''))
    if (length === undefined) {
      return isRunning
        ? undone('CONFIGPROXY_AUTH_TOKEN is not set here; the running proxy has its own')
        : failed('CONFIGPROXY_AUTH_TOKEN is not set, so every call would be refused (403)')
    }
    if (isGuessable) return failed('it is a word that everybody tries first')
    return length < LEAST_LENGTH ? failed(`it has ${length} characters only`) : ok(`it has ${length} characters`)
  },
}
