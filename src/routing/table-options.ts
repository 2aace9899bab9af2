import type { RoutePublisher } from './publisher.js'
import type { Route } from './route.js'
import type { RouteStore } from './store.js'
import type { Target } from './target.js'

export interface RouteTableOptions {
  readonly store: RouteStore
  readonly publisher: RoutePublisher
  readonly hostRouting: boolean
  /** Parses a target. @throws TargetInvalidError if it can't be used */
  readonly readTarget: (text: string) => Target
  readonly now: () => Date
}

/** What a start adds to the stored routes. */
export interface LoadOptions {
  /** Routes that the store has lost; they are stored again. */
  readonly recovered?: readonly Route[]
  /** The target of `/`, which overrides the stored one; as in CHP it is an ordinary entry from then on. */
  readonly defaultTarget?: string | undefined
  /** Called if the default target can't be stored. It is served nevertheless, since the operator has just set it. */
  readonly onDefaultNotStored: (error: Error) => void
}
