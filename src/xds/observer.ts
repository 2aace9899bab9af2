import type { Resource } from './resource.js'

/** Is told what became of the resources that Envoys were sent, and says what is to be sent first. */
export interface SubscriptionObserver {
  /** An Envoy has what the collection has, or refused it. */
  settled(names: Iterable<string>): void
  /** An Envoy has taken this very resource (an ACK), which may have been replaced since. */
  acknowledged(resource: Resource): void
  /**
   * An Envoy refused this very resource (a NACK of it alone).
   *
   * @param hasOther whether it keeps another version that it had before
   */
  rejected(resource: Resource, reason: string, hasOther: boolean): void
  /** An Envoy has loaded what there was when it subscribed: from now on changes wait for it. */
  loaded(): void
  /** Names that are sent before others, the most urgent first. */
  urgent(): Iterable<string>
}

/** Is also told which Envoys come and go. */
export interface EnvoyObserver extends SubscriptionObserver {
  /** An Envoy has subscribed. */
  joined(node: string): void
  /**
   * A subscription has ended.
   *
   * @param mayReturn whether its Envoy has no other, serves on and is about to connect again
   */
  left(node: string, mayReturn: boolean): void
}
