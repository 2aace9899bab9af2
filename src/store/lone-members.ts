import type { Member, Members } from './shared.js'
import { LeaseLostError } from './shared.js'

/** The members of a store that can keep none: this one, whoever else there is. */
export class LoneMembers implements Members {
  #me: Member | undefined

  async join(me: Pick<Member, 'id' | 'address'>): Promise<Member> {
    this.#me = { ...me, joined: 0n }
    return this.#me
  }

  async renew(): Promise<void> {
    if (this.#me === undefined) throw new LeaseLostError()
  }

  async leave(): Promise<void> {
    this.#me = undefined
  }

  async list(): Promise<readonly Member[]> {
    return this.#me === undefined ? [] : [this.#me]
  }

  async fence(): Promise<void> {}
}
