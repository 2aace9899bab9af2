/** An encoded message under the name and version that Envoy knows it by. */
export interface Resource {
  readonly name: string
  /** A hash of the content: equal versions mean equal resources. */
  readonly version: string
  readonly bytes: Buffer
  /** What Envoys of earlier generations get in place of `bytes`, from the first generation on. */
  readonly earlier?: readonly Buffer[]
}

/** Told what became of the resources that a subscription was sent. */
export interface DeliveryObserver {
  /** Envoy has what the collection has, or refused it. */
  settled(names: Iterable<string>): void
  /** Envoy has taken this very resource (an ACK), which may have been replaced since. */
  acknowledged(resource: Resource): void
  /** Envoy refused this very resource (a NACK of it alone). It keeps what it had before, if it had any. */
  rejected(resource: Resource, reason: string, hasOther: boolean): void
  /** Envoy has loaded what there was when it subscribed: those who change a resource wait for it from now on. */
  loaded(): void
}

/** What a {@link Subscription} needs of a collection. */
export interface ResourceSource {
  readonly typeUrl: string
  /** The most resources in one response. */
  readonly maxAResponse: number
  /**
   * Names that were in a response which this Envoy has rejected with others in it, and has not acknowledged since. It may
   * use them although it doesn't name them when it reconnects. Kept by the subscriptions, and added to when an Envoy is
   * found running.
   */
  doubtful(node: string): Set<string>
  get(name: string): Resource | undefined
  names(): Iterable<string>
  /** Names that somebody waits for, those who came first before others. */
  awaited(): Iterable<string>
}
