/** What {@link connectionWords} says of a connection that the other end has closed before it said anything. */
export const CLOSED_AT_ONCE = 'it closes the connection'

/** What gRPC says of a connection that can't be made, reduced to the reason. */
export function connectionWords(details: string): string {
  return details
    .replace(/^No connection established\. Last error: (Error: )?/, '')
    .replace(/\.? Resolution note: ?$/, '')
    .replace(/^Failed to connect( \(.*\))?$/, CLOSED_AT_ONCE)
    .replace(/^Channel closed before call started$/, 'the connection was given up')
}
