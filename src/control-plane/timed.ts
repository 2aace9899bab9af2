import type { RoutePublisher } from '../routing/publisher.js'
import type { RouteStore } from '../routing/store.js'
import { withWrite } from '../routing/with-write.js'

/** What is told of changes of routes. */
export interface ChangeObserver {
  /** Every Envoy has acknowledged a change, or one has refused it or not answered. */
  changed(change: 'added' | 'removed', seconds: number, succeeded: boolean): void
  /** The store has written a change, or could not. */
  written(seconds: number, succeeded: boolean): void
}

/** The same publisher; tells how long each change took, with the name of its target. */
export function timedPublisher(publisher: RoutePublisher, observer: ChangeObserver): RoutePublisher {
  /** When the changes have begun whose routes are prepared, by key. */
  const begun = new Map<string, number>()
  return {
    prepare: (route) => {
      begun.set(route.key, performance.now())
      return publisher.prepare(route)
    },
    publish: (route) => {
      const at = begun.get(route.key)
      begun.delete(route.key)
      return timed(
        () => publisher.publish(route),
        (...took) => observer.changed('added', ...took),
        at,
      )
    },
    withdraw: (key) =>
      timed(
        () => publisher.withdraw(key),
        (...took) => observer.changed('removed', ...took),
      ),
    settle: (key, route) => publisher.settle(key, route),
    refusals: () => publisher.refusals(),
    refusalOf: (key) => publisher.refusalOf(key),
  }
}

/** The same store; tells how long each write took. */
export function timedStore(store: RouteStore, observer: ChangeObserver): RouteStore {
  return withWrite(store, (change) =>
    timed(
      () => store.write(change),
      (...took) => observer.written(...took),
    ),
  )
}

async function timed<T>(
  work: () => Promise<T>,
  done: (seconds: number, succeeded: boolean) => void,
  begun = performance.now(),
): Promise<T> {
  const took = (succeeded: boolean) => done((performance.now() - begun) / 1000, succeeded)
  try {
    const result = await work()
    took(true)
    return result
  } catch (error) {
    took(false)
    throw error
  }
}
