import type { SharedBackend } from '../../store/open/open.js'
import { openShared } from '../../store/open/open.js'
import type { SharedStore } from '../../store/shared.js'
import { usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'

/** A store that is open for a moment, and what it warns of. Later warnings are added. */
export interface OpenForAMoment {
  readonly store: SharedStore
  readonly warnings: string[]
}

/** Opens the shared store of a subject for a task. @throws FatalError if it can't be used */
export async function withSharedStore<T>(
  backend: SharedBackend,
  { sections, env }: Subject,
  task: (open: OpenForAMoment) => Promise<T>,
): Promise<T> {
  const { name, etcd } = usable(sections.store)
  const { hostRouting } = usable(sections.routing)
  const warnings: string[] = []
  const log = { info() {}, warn: (message: string) => void warnings.push(message) }
  const store = await openShared(backend, { name, etcd, hostRouting, env, log })
  try {
    return await task({ store, warnings })
  } finally {
    await store.close()
  }
}
