import type { Resource } from './resource.js'

/** Observes Envoys' answers, and decides which resources are sent first. */
export interface SubscriptionObserver {
  /** Called when an Envoy has the collection's version of these names, or has rejected it. */
  settled(names: Iterable<string>): void
  /** Called when an Envoy has acknowledged exactly this resource (ACK), which may have been replaced since. */
  acknowledged(resource: Resource): void
  /**
   * Called when an Envoy has rejected exactly this resource (a NACK of it alone).
   *
   * @param hasOther whether it keeps an earlier version
   */
  rejected(resource: Resource, reason: string, hasOther: boolean): void
  /** Called when an Envoy has loaded what existed when it subscribed: from now on changes wait for it. */
  loaded(): void
  /** Names that are sent before others, the most urgent first. */
  urgent(): Iterable<string>
}

/** Also observes which Envoys connect and disconnect. */
export interface EnvoyObserver extends SubscriptionObserver {
  /** An Envoy has subscribed. */
  joined(node: string): void
  /**
   * A subscription has ended.
   *
   * @param mayReturn whether its Envoy has no other subscription and may still be serving, about to reconnect
   */
  left(node: string, mayReturn: boolean): void
}
