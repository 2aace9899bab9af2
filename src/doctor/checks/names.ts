import { NameNotFoundError, SystemResolver } from '../../names/resolver.js'
import { hostNameOf } from '../../resources/clusters/cluster.js'
import { parseTarget } from '../../routing/target.js'
import { routesOf } from '../facts/routes.js'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok, usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'

export interface NameFacts {
  /** Each name, and why it could not be resolved; undefined if it was. */
  readonly names: ReadonlyMap<string, string | undefined>
  /** How many more there are, which were not tried. */
  readonly more: number
  /** Why the targets of routes are not among them. */
  readonly without: string | undefined
}

/** So many names show a fault of the name service, and take no long time. */
const MOST_NAMES = 50

export const NAMES: Check<Subject, NameFacts> = {
  code: 'CEP0601',
  question: 'Do the host names of targets have addresses?',
  fatal: false,
  remedy: 'See what this system says: getent ahosts NAME; and /etc/resolv.conf',
  async gather(subject) {
    const { routing, errorPages } = subject.sections
    const { defaultTarget } = usable(routing)
    const errorTarget = usable(errorPages).target?.url
    let without: string | undefined
    const routes = await routesOf(subject).catch((error: Error) => {
      if (!(error instanceof Inapplicable)) without = error.message
      return []
    })
    const targets = [defaultTarget, errorTarget, ...routes.map(({ target }) => target)]
    const hosts = [...new Set(targets.flatMap((target) => hostOf(target) ?? []))]
    if (hosts.length === 0) {
      if (without !== undefined) throw new Error(without)
      throw new Inapplicable('no target has a host name')
    }
    const tried = hosts.slice(0, MOST_NAMES)
    return { names: await resolveAll(tried), more: hosts.length - tried.length, without }
  },
  judge({ names, more, without }) {
    const bad = [...names].filter(([, reason]) => reason !== undefined)
    if (bad.length > 0) {
      const shown = bad.slice(0, 5).map(([name, reason]) => `${name} (${reason})`)
      const rest = bad.length > 5 ? ` and ${bad.length - 5} more` : ''
      return failed(`${shown.join(', ')}${rest}`, `getent ahosts ${bad[0]?.[0]}`)
    }
    const untried = more > 0 ? `; ${more} more were not tried` : ''
    if (without !== undefined)
      throw new Error(`${[...names.keys()].join(', ')} do; of routes it is not known: ${without}`)
    return ok(`${names.size === 1 ? [...names.keys()][0] : `all ${names.size}`}${untried}`)
  },
}

/** Undefined for an address, a socket, and what is no target. */
function hostOf(target: string | undefined): string | undefined {
  try {
    return target === undefined ? undefined : hostNameOf(parseTarget(target))
  } catch {
    return undefined
  }
}

async function resolveAll(hosts: readonly string[]): Promise<Map<string, string | undefined>> {
  const resolver = new SystemResolver()
  try {
    const answers = hosts.map(async (host): Promise<[string, string | undefined]> => {
      const reason = await resolver
        .resolve(host, () => {}, true)
        .then(
          () => undefined,
          (error: Error) => (error instanceof NameNotFoundError ? 'no such name' : `no answer: ${error.message}`),
        )
      return [host, reason]
    })
    return new Map(await Promise.all(answers))
  } finally {
    resolver.close()
  }
}
