import type { ProcessIdentity } from '../../platform/processes.js'
import type { EnvoyProcess } from './process.js'

/** The running Envoys: the last one serves, and the others end by themselves once they are drained. */
export class RunningEnvoys {
  readonly #envoys: EnvoyProcess[] = []
  readonly #onChanged: (envoys: readonly ProcessIdentity[]) => void

  /** @param onChanged called with all of them whenever one is added or removed */
  constructor(onChanged: (envoys: readonly ProcessIdentity[]) => void) {
    this.#onChanged = onChanged
  }

  /** The Envoy that serves, or is about to. */
  get current(): EnvoyProcess | undefined {
    return this.#envoys.at(-1)
  }

  has(envoy: EnvoyProcess): boolean {
    return this.#envoys.includes(envoy)
  }

  add(envoy: EnvoyProcess): void {
    this.#envoys.push(envoy)
    this.#changed()
  }

  remove(envoy: EnvoyProcess): void {
    const at = this.#envoys.indexOf(envoy)
    if (at >= 0) this.#envoys.splice(at, 1)
    this.#changed()
  }

  /** Removes and returns all of them; the caller ends them. */
  takeAll(): EnvoyProcess[] {
    return this.#envoys.splice(0)
  }

  /** Resolves when all have ended. */
  async end(): Promise<void> {
    await Promise.all(this.#envoys.map((envoy) => envoy.end()))
  }

  #changed(): void {
    this.#onChanged(this.#envoys.flatMap(({ identity }) => identity ?? []))
  }
}
