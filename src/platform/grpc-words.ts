/** What gRPC says of a connection that can't be made, reduced to the reason. */
export function connectionWords(details: string): string {
  return details
    .replace(/^No connection established\. Last error: (Error: )?/, '')
    .replace(/\.? Resolution note: ?$/, '')
    .replace(/^Channel closed before call started$/, 'the connection was given up')
}
