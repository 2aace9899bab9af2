/** What is played, as it is told to the thread that plays it. */
export interface Cast {
  readonly names: readonly string[]
  /** How long each user's server takes to start. */
  readonly spawnMs: readonly number[]
  readonly checkIntervalMs: number
}

export interface ProxyApi {
  readonly url: string
  readonly token: string | undefined
}
