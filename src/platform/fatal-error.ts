/**
 * The program can't start or continue. The message tells the operator what happened, to what, and what to do.
 * The command line prints the message to stderr and exits with status 1, as CHP does,
 * unless the error has another one.
 */
export class FatalError extends Error {
  override readonly name = 'FatalError'
  readonly exitStatus: number

  constructor(message: string, exitStatus = 1) {
    super(message)
    this.exitStatus = exitStatus
  }
}
