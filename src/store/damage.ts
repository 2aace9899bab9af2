/** What is wrong with a file of routes, in words that follow its path. */
export class DamagedFile extends Error {
  override readonly name = 'DamagedFile'
}
