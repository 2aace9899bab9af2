import type { RemoteStage } from '../played/remote-stage.js'
import type { OwnProxy } from '../target/own-proxy.js'
import type { PlayedHub, PlayedServers } from '../world.js'

/** JupyterHub looks that often whether the proxy that it started still runs. */
const WATCH_MS = 5_000

/** The hub that is played, for incidents; it watches the proxy if it has started it. */
export class HubHandle implements PlayedHub {
  restartsProxy = true
  readonly checkIntervalMs: number
  readonly #stage: RemoteStage
  readonly #timer: NodeJS.Timeout
  #routes: readonly string[] = []
  #isStopped = false

  /** @param onTrouble told what the hub would log as an error */
  constructor(
    stage: RemoteStage,
    checkIntervalMs: number,
    proxy: OwnProxy | undefined,
    onTrouble: (what: string) => void,
  ) {
    this.#stage = stage
    this.checkIntervalMs = checkIntervalMs
    this.#timer = setInterval(() => {
      if (proxy !== undefined && this.restartsProxy && !this.#isStopped && !proxy.isRunning) {
        this.#restart(proxy).catch((error: Error) => onTrouble(error.message))
      }
    }, WATCH_MS)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#stage.call('stopHub')
  }

  async start(): Promise<void> {
    this.#isStopped = false
    await this.#stage.call('startHub')
  }

  repopulate(): Promise<void> {
    return this.#stage.call('repopulate')
  }

  check(): Promise<{ added: number; removed: number }> {
    return this.#stage.call('check')
  }

  add(routespec: string, target: string): Promise<void> {
    return this.#stage.call('add', routespec, target)
  }

  remove(routespec: string): Promise<void> {
    return this.#stage.call('remove', routespec)
  }

  dropTable(): Promise<void> {
    return this.#stage.call('dropTable')
  }

  routes(): readonly string[] {
    return this.#routes
  }

  /** Learns which routes the hub has now; servers come and go in another thread. */
  async refresh(): Promise<void> {
    this.#routes = await this.#stage.call('routes')
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** As JupyterHub does it: the same command, then all routes. */
  async #restart(proxy: OwnProxy): Promise<void> {
    await proxy.start()
    await this.repopulate()
  }
}

/** The servers that are played, for incidents. */
export class ServersHandle implements PlayedServers {
  readonly #stage: RemoteStage
  #targets: ReadonlyArray<string | undefined> = []

  constructor(stage: RemoteStage) {
    this.#stage = stage
  }

  target(user: number): string | undefined {
    return this.#targets[user]
  }

  /** Learns who has a server now. */
  async refresh(): Promise<void> {
    this.#targets = await this.#stage.call('targets')
  }

  hang(users: readonly number[]): Promise<void> {
    return this.#stage.call('hang', users)
  }

  resume(users: readonly number[]): Promise<void> {
    return this.#stage.call('resumeServers', users)
  }

  async end(users: readonly number[]): Promise<void> {
    await this.#stage.call('end', users)
    await this.refresh()
  }

  async start(users: readonly number[]): Promise<void> {
    await this.#stage.call('startServers', users)
    await this.refresh()
  }
}
