import type { PlainLog } from '../platform/log.js'
import type { EnvoyAdmission } from '../xds/admission.js'
import { NotInFleetError } from './errors.js'
import type { Input } from './protocol/input.js'
import type { Standing } from './protocol/messages.js'

export interface PlaceOptions {
  /** Whether this member's Envoys can connect to another one. */
  readonly canMove: boolean
  readonly log: PlainLog
  readonly tell: (input: Input) => void
  /** Whether callers should come here, unless this member is ending. */
  readonly isReady: () => boolean
}

/** Why calls are refused, to follow "this control plane". */
const WHY: Readonly<Record<Exclude<Standing, 'in'>, string>> = {
  joining: 'has yet to join the others',
  'catching-up': 'is still reading what the others have written',
  doubtful: 'does not know whether the others still count on it',
  out: 'has lost its place among the others, and joins again',
}

/** Where this control plane stands among the others, and what that means for callers and Envoys. */
export class Place {
  readonly #options: PlaceOptions
  #standing: Standing = 'joining'
  #hasLeft = false
  #dropEnvoys = () => {}
  #onFirstIn = () => {}
  /** Resolves when it takes calls for the first time. */
  readonly firstIn = new Promise<void>((resolve) => {
    this.#onFirstIn = resolve
  })

  constructor(options: PlaceOptions) {
    this.#options = options
  }

  /** Whether Envoys can connect to another control plane. */
  get canMove(): boolean {
    return this.#options.canMove
  }

  /** Whether it is ending. */
  get hasLeft(): boolean {
    return this.#hasLeft
  }

  get standing(): Standing {
    return this.#standing
  }

  /** Whether callers and Envoys should be sent here rather than to another control plane. */
  get isReady(): boolean {
    return this.#options.isReady() && !this.#hasLeft
  }

  /** @throws NotInFleetError if routes can't be changed here now */
  requireIn(): void {
    if (this.#hasLeft) throw new NotInFleetError('is ending')
    if (this.#standing !== 'in') throw new NotInFleetError(WHY[this.#standing])
  }

  /** What the xDS server asks and tells. An Envoy that can go nowhere else is served whatever happens. */
  admission(dropEnvoys: () => void): EnvoyAdmission | undefined {
    const { canMove, tell } = this.#options
    if (!canMove) return undefined
    this.#dropEnvoys = dropEnvoys
    return {
      admits: () => this.#standing === 'in',
      loaded: (node) => tell({ type: 'envoy-here', node }),
      left: (node, silentMs) => tell({ type: 'envoy-left', node, silentMs }),
    }
  }

  /** From now on it takes no calls. */
  beginLeaving(): void {
    this.#hasLeft = true
  }

  /** The protocol has decided where it stands. */
  stands(standing: Standing): void {
    const before = this.#standing
    this.#standing = standing
    if (standing === 'in') this.#onFirstIn()
    if (standing === 'joining' || standing === 'out') this.#dropEnvoys()
    if (standing !== before) this.#log(standing)
  }

  #log(standing: Standing): void {
    const { log, canMove } = this.#options
    if (standing === 'in') log.info('This control plane is in its place: it takes calls and Envoys')
    else if (this.#hasLeft) return
    else if (standing === 'doubtful') log.warn(`Calls are refused: this control plane ${WHY.doubtful}`)
    else if (standing === 'out') {
      const envoys = canMove ? '. Its Envoys go to another one, or serve on with what they have' : ''
      log.warn(`This control plane ${WHY.out}${envoys}`)
    }
  }
}
