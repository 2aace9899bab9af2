import { readdirSync, readFileSync } from 'node:fs'
import type { ProcessIdentity } from '../../platform/processes.js'
import { identify, isAlive, variableOf } from '../../platform/processes.js'
import type { ProxyProcess } from '../world.js'
import { listenersOn } from './listeners.js'
import { roleOf } from './role.js'

/** By what the processes of a proxy are recognised. Each leads to more of them, by their children. */
export interface Traits {
  /** A variable that the proxy was started with. It is passed on, so no restart and no new parent hides a process. */
  readonly variable?: { readonly name: string; readonly value: string }
  /** Ports that the proxy listens on, here. */
  readonly ports?: readonly number[]
}

/** Finds the processes of a proxy, and keeps track of them while some end and others begin. */
export class ProcessFinder {
  readonly #traits: Traits
  readonly #own = new Map<number, ProcessIdentity>()
  /** Those of the last look that are others'. */
  #others: ReadonlySet<number> = new Set()

  constructor(traits: Traits) {
    this.#traits = traits
  }

  /** The processes that run now. What has begun since the last look is looked at; the rest is remembered. */
  find(): ProxyProcess[] {
    const present = readdirSync('/proc').map(Number).filter(Number.isInteger)
    for (const [pid, own] of this.#own) if (!isAlive(own)) this.#own.delete(pid)
    const listeners = this.#own.size === 0 ? listenersOn(this.#traits.ports ?? []) : []
    const others = new Set<number>()
    // Parents have lower numbers than their children, but for when these begin again at 1.
    for (const pid of present.sort((one, other) => one - other)) {
      if (this.#own.has(pid)) continue
      const isOwn = listeners.includes(pid) || (!this.#others.has(pid) && this.#belongs(pid))
      if (!isOwn || !this.#take(pid)) others.add(pid)
    }
    this.#others = others
    // Asked each time: between its fork and its exec, a process has the arguments of its parent.
    return [...this.#own.values()].map((own) => {
      const args = argumentsOf(own.pid)
      return { ...own, role: roleOf(args), command: args.join(' ') }
    })
  }

  #belongs(pid: number): boolean {
    const { variable } = this.#traits
    if (this.#own.has(parentOf(pid))) return true
    return variable !== undefined && pid !== process.pid && variableOf(pid, variable.name) === variable.value
  }

  #take(pid: number): boolean {
    const identity = identify(pid)
    if (identity === undefined) return false
    this.#own.set(pid, identity)
    return true
  }
}

function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`)
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

function argumentsOf(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`).split('\0').slice(0, -1)
}

/** Empty for a process that has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
