import { parseTarget, withoutSecrets } from '../../routing/target.js'
import { readTargetTls } from '../../settings/target-tls.js'
import { Inapplicable, usable } from '../model/check.js'
import { oncePer } from '../model/once.js'
import type { Subject } from '../model/subject.js'
import { routesOf } from './routes.js'
import type { TargetAnswer } from './target.js'
import { askTarget } from './target.js'

/** What the target of the route `/` answers, which is the hub. */
export interface HubFacts {
  readonly target: string
  readonly answer: TargetAnswer
  /** When it had answered, by this machine's clock. */
  readonly at: Date
}

/** @throws Error saying why it can't be asked; Inapplicable if there is no such target */
export const hubOf = oncePer(async (subject: Subject): Promise<HubFacts> => {
  const target = usable(subject.sections.routing).defaultTarget ?? (await storedTarget(subject))
  const tls = await readTargetTls(subject.values, subject.env)
  const answer = await askTarget(parseTarget(target), tls)
  return { target: withoutSecrets(target), answer, at: new Date() }
})

async function storedTarget(subject: Subject): Promise<string> {
  const route = (await routesOf(subject)).find(({ routespec }) => routespec === '/')
  if (route === undefined) throw new Inapplicable('there is no --default-target and no route /')
  return route.target
}
