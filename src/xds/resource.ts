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

/**
 * A resource whose bytes are kept as a string, a character each. There is one for every route, and a string takes little
 * more than its characters; a buffer takes some 250 bytes of its own.
 */
export class CompactResource implements Resource {
  readonly name: string
  readonly version: string
  readonly common: Buffer
  readonly #characters: string

  constructor({ name, version, bytes }: Resource, common: Buffer) {
    this.name = name
    this.version = version
    this.common = common
    this.#characters = bytes.toString('latin1')
  }

  get bytes(): Buffer {
    return Buffer.from(this.#characters, 'latin1')
  }
}
