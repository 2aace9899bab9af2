import type { HubFacts } from '../facts/hub.js'
import { hubOf } from '../facts/hub.js'
import type { Check } from '../model/check.js'
import { failed, ok } from '../model/check.js'
import type { Subject } from '../model/subject.js'

export const HUB: Check<Subject, HubFacts> = {
  code: 'CEP0602',
  question: 'Does the hub answer, the target of the route `/`?',
  fatal: false,
  remedy: 'Start the hub, or mend --default-target: curl -v TARGET shows what happens from here',
  gather: hubOf,
  judge({ target, answer }) {
    if ('status' in answer) return ok(`${target} answers (${answer.status})`)
    const remedy = `curl -v ${target}`
    const { code, reason } = answer
    switch (code) {
      case 'ECONNREFUSED':
        return failed(`nothing listens at ${target}`, `Start the hub, or mend the port; ${remedy}`)
      case 'ETIMEDOUT':
        return failed(`${target} accepts the connection, or drops it, and does not answer: ${reason}`, remedy)
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return failed(`the name of ${target} can't be resolved (CEP0601)`, `getent ahosts ${hostIn(target)}`)
      case 'ECONNRESET':
      case 'EPROTO':
        return failed(`${target} speaks another protocol (${reason}): is https meant, or http?`, remedy)
      default:
        return failed(`${target}: ${reason}`, remedy)
    }
  },
}

function hostIn(target: string): string {
  return URL.canParse(target) ? new URL(target).hostname : target
}
