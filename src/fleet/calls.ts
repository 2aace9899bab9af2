import { NotAgreedError } from './errors.js'

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** The calls that wait until every control plane has their write. */
export class Calls {
  readonly #waiting = new Map<number, Waiting>()
  #last = 0

  /** @param begin called with the call's number. The promise rejects with NotAgreedError */
  wait(begin: (call: number) => void): Promise<void> {
    this.#last += 1
    const call = this.#last
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject })
      begin(call)
    })
  }

  answer(call: number, agreed: boolean): void {
    const waiting = this.#waiting.get(call)
    this.#waiting.delete(call)
    if (agreed) waiting?.resolve()
    else waiting?.reject(new NotAgreedError())
  }
}
