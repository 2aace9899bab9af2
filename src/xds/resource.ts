/** An encoded message under the name and version that Envoy knows it by. */
export interface Resource {
  readonly name: string
  /** A hash of the content: equal versions mean equal resources. */
  readonly version: string
  readonly bytes: Buffer
  /** What Envoys of earlier generations get in place of `bytes`, from the first generation on. */
  readonly earlier?: readonly Buffer[]
}
