/**
 * The program can't start or continue. The message tells the operator what happened, to what, and what to do.
 * The command line prints the message to stderr and exits with status 1, as CHP does.
 */
export class FatalError extends Error {
  override readonly name = 'FatalError'
}
