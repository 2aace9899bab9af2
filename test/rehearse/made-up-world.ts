import type { ProcessRole } from '../../src/rehearse/record.js'
import type { ProxyHandle, ProxyProcess, World } from '../../src/rehearse/world.js'
import { seededRandom } from '../support/random.js'

export interface MadeUp {
  /** The processes of the proxy. */
  readonly roles?: readonly ProcessRole[]
  /** Where the proxy's port is, if anything really listens there. */
  readonly publicUrl?: string
  readonly users?: number
  readonly certificate?: ProxyHandle['certificate']
  /** Told what the incident has done. */
  readonly onDeed?: (what: string) => void
  /** How often the incident may wait before the rehearsal is over. */
  readonly waits?: number
}

/** A world without anything in it: it tells what an incident does to it. */
export interface MadeUpWorld extends World {
  /** What was done, in order. */
  readonly deeds: string[]
  /** Users that were ever excused. */
  readonly excused: Set<number>
  /** Those whose excuse lasts. */
  readonly stillExcused: Set<number>
}

export const ROLES_HERE: readonly ProcessRole[] = ['control-plane', 'envoy', 'helper']

export function madeUpWorld(made: MadeUp = {}): MadeUpWorld {
  const { roles = ROLES_HERE, publicUrl, users = 20, waits = 100, certificate, onDeed = () => {} } = made
  const deeds: string[] = []
  const [excused, stillExcused] = [new Set<number>(), new Set<number>()]
  const present = new Set(Array.from({ length: users }, (_, user) => user))
  const over = new AbortController()
  let left = waits
  const routes = new Set([...present].map((user) => `/user/u${user}`))
  const log = (what: string) => async () => void deeds.push(what)
  return {
    ...{ deeds, excused, stillExcused, over: over.signal, random: seededRandom(1) },
    proxy: { ...madeUpProxy(roles, publicUrl ?? 'http://127.0.0.1:1', deeds), certificate },
    hub: {
      restartsProxy: true,
      checkIntervalMs: 1_000,
      stop: log('hub stopped'),
      start: log('hub started'),
      repopulate: log('repopulated'),
      check: async () => {
        deeds.push('hub checked')
        return { added: 0, removed: 0 }
      },
      add: async (routespec, target) => {
        deeds.push(`add ${routespec} ${target}`)
        routes.add(routespec)
      },
      remove: async (routespec) => {
        deeds.push(`remove ${routespec}`)
        routes.delete(routespec)
      },
      dropTable: log('table dropped'),
      routes: () => [...routes],
    },
    servers: {
      target: (user) => `http://server-${user}`,
      hang: async (some) => void deeds.push(`hang ${some.length}`),
      resume: async (some) => void deeds.push(`resume ${some.length}`),
      end: async (some) => void deeds.push(`end ${some.length}`),
      start: async (some) => void deeds.push(`start ${some.length}`),
    },
    users: {
      count: users,
      active: () => [...present],
      name: (user) => `u${user}`,
      leave: (some, how) => {
        for (const user of some) present.delete(user)
        deeds.push(`leave ${some.length} ${how}`)
      },
      come: (some) => {
        for (const user of some) present.add(user)
        deeds.push(`come ${some.length}`)
      },
    },
    did: (what) => {
      deeds.push(`did: ${what}`)
      onDeed(what)
    },
    excuse: (some) => {
      for (const user of some) stillExcused.add(user)
      for (const user of some) excused.add(user)
      return () => {
        for (const user of some) stillExcused.delete(user)
      }
    },
    wait: async () => {
      left -= 1
      if (left <= 0) over.abort()
      return left > 0
    },
  }
}

function madeUpProxy(roles: readonly ProcessRole[], publicUrl: string, deeds: string[]): ProxyHandle {
  const all = (): ProxyProcess[] => roles.map((role, pid) => ({ pid, startTime: '1', role, command: role }))
  return {
    ...{ kind: 'this', mark: 'x', publicUrl, apiUrl: publicUrl, token: 'secret', isOwn: true, certificate: undefined },
    processes: async () => all(),
    kill: async (wanted) => {
      deeds.push(`kill ${wanted.join(' ')}`)
      return all().filter(({ role }) => wanted.includes(role))
    },
    start: async () => void deeds.push('proxy started'),
    loseDisk: async () => void deeds.push('disk lost'),
  }
}
