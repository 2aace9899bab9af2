/** An encoded message with its name and version in xDS. */
export interface Resource {
  readonly name: string
  /** A hash of the content: equal versions mean equal resources. */
  readonly version: string
  readonly bytes: Buffer
  /** What comes before `bytes` in the content, if many resources share it: they refer to one copy. */
  readonly common?: Buffer
  /** What Envoys of earlier generations get instead of `bytes`, the first generation first. */
  readonly earlier?: readonly Buffer[]
}
