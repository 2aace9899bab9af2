import { setTimeout as delay } from 'node:timers/promises'
import { withoutTrailingSlashes } from '../../platform/text.js'
import { RawServer } from '../wire/raw-server.js'
import type { Cast, ProxyApi } from './cast.js'
import type { HubActions } from './hub-pages.js'
import { HubPages } from './hub-pages.js'
import { HubRoutes } from './routes.js'
import { UserServer } from './user-server.js'

interface Player {
  readonly name: string
  readonly spawnMs: number
  readonly server: UserServer
  state: 'stopped' | 'starting' | 'ready'
}

const PING_EVERY_MS = 1_000

/** The hub and all users' servers: what stands behind the proxy. Users are named by their index. */
export class Stage implements HubActions {
  readonly #players: readonly Player[]
  readonly #byName: ReadonlyMap<string, Player>
  readonly #pages = new RawServer(new HubPages(this))
  readonly #checkIntervalMs: number
  readonly #onTrouble: (what: string) => void
  #routes: HubRoutes | undefined
  #stopChecks = () => {}
  /** Resolves while the hub runs. */
  #running = Promise.resolve()
  #resume = () => {}

  /** @param onTrouble told what the hub would log as an error */
  constructor({ names, spawnMs, checkIntervalMs }: Cast, onTrouble: (what: string) => void) {
    this.#onTrouble = onTrouble
    this.#checkIntervalMs = checkIntervalMs
    this.#players = names.map((name, user) => ({
      ...{ name, spawnMs: spawnMs[user] ?? 0, server: new UserServer(name), state: 'stopped' as const },
    }))
    this.#byName = new Map(this.#players.map((player) => [player.name, player]))
    setInterval(() => this.#ping(), PING_EVERY_MS).unref()
  }

  /** Opens the hub's port. @returns its address, which is the proxy's default target */
  async openHub(): Promise<string> {
    await this.#pages.open()
    return `http://127.0.0.1:${this.#pages.port}`
  }

  /**
   * The hub begins to use this proxy, and adds its own route.
   *
   * @throws Error if another hub has routes in it, which would be taken for leftovers and removed; or if there is no such API, or
   * it refuses
   */
  async use({ url, token }: ProxyApi): Promise<void> {
    const routes = new HubRoutes(url, token)
    const others = await routes.others()
    const [first] = others
    if (first !== undefined) {
      throw new Error(
        `${url} has the routes of a hub, such as ${first} (${others.length} in all). Rehearse with an empty proxy, or with --hub.`,
      )
    }
    this.#routes = routes
    await routes.add('/', `http://127.0.0.1:${this.#pages.port}`)
    // What a rehearsal that was killed has left.
    await routes.check()
    this.#checkRoutes()
  }

  /** Removes all that the hub has added. */
  async leave(): Promise<void> {
    this.#stopChecks()
    await this.#used.removeOwn()
  }

  stopHub(): void {
    this.#stopChecks()
    this.#pages.close()
    this.#running = new Promise((resolve) => {
      this.#resume = resolve
    })
  }

  async startHub(): Promise<void> {
    await this.#pages.open()
    this.#resume()
    await this.check()
    this.#checkRoutes()
  }

  repopulate(): Promise<void> {
    return this.#used.repopulate()
  }

  check(): Promise<{ added: number; removed: number }> {
    return this.#used.check()
  }

  compare(): Promise<{ missing: string[]; stale: string[] }> {
    return this.#used.compare()
  }

  /** Whose server it leads to has one again, if it was removed by hand. */
  add(routespec: string, target: string): Promise<void> {
    const path = pathOf(routespec)
    const player = this.#byName.get(path.replace('/user/', ''))
    if (player?.state === 'stopped') player.state = 'ready'
    return this.#used.add(path, target)
  }

  /** Whose server it led to has none any more: the next spawn starts it. */
  remove(routespec: string): Promise<void> {
    const path = pathOf(routespec)
    const player = this.#byName.get(path.replace('/user/', ''))
    if (player?.state === 'ready') player.state = 'stopped'
    return this.#used.remove(path)
  }

  dropTable(): Promise<void> {
    return this.#used.dropTable()
  }

  routes(): string[] {
    return this.#used.list()
  }

  targets(): Array<string | undefined> {
    return this.#players.map(({ server }) => server.target)
  }

  hang(users: readonly number[]): void {
    for (const player of this.#some(users)) player.server.hang()
  }

  resumeServers(users: readonly number[]): void {
    for (const player of this.#some(users)) player.server.resume()
  }

  end(users: readonly number[]): void {
    for (const player of this.#some(users)) player.server.end()
  }

  async startServers(users: readonly number[]): Promise<void> {
    await Promise.all(this.#some(users).map(({ server }) => server.start()))
  }

  spawn(name: string): boolean {
    const player = this.#byName.get(name)
    if (player?.state === 'stopped') void this.#spawn(player)
    return player !== undefined
  }

  stopServer(name: string): void {
    const player = this.#byName.get(name)
    if (player?.state !== 'ready') return
    void this.#attempt(this.remove(routespecOf(name))).then(() => player.server.end())
  }

  isReady(name: string): boolean {
    return this.#byName.get(name)?.state === 'ready'
  }

  async #spawn(player: Player): Promise<void> {
    player.state = 'starting'
    await delay(player.spawnMs)
    player.state = (await this.#attempt(this.#startServer(player))) ? 'ready' : 'stopped'
  }

  /** @throws Error if it can't listen, as without open files, or the proxy doesn't take its route */
  async #startServer({ name, server }: Player): Promise<void> {
    await server.start()
    await this.#running
    await this.#used.add(routespecOf(name), server.target ?? '', { user: name })
  }

  /** @returns whether it succeeded */
  #attempt(work: Promise<unknown>): Promise<boolean> {
    return work.then(
      () => true,
      (error: Error) => {
        this.#onTrouble(error.message)
        return false
      },
    )
  }

  #checkRoutes(): void {
    const timer = setInterval(() => void this.#attempt(this.check()), this.#checkIntervalMs)
    this.#stopChecks = () => clearInterval(timer)
  }

  #ping(): void {
    const now = performance.now()
    for (const { server } of this.#players) server.ping(now)
  }

  #some(users: readonly number[]): Player[] {
    return users.flatMap((user) => this.#players[user] ?? [])
  }

  get #used(): HubRoutes {
    if (this.#routes === undefined) throw new Error('the hub has no proxy yet')
    return this.#routes
  }
}

function routespecOf(name: string): string {
  return `/user/${name}`
}

/** CHP's API has routespecs without the slash that JupyterHub has at their end. */
function pathOf(routespec: string): string {
  return routespec === '/' ? routespec : withoutTrailingSlashes(routespec)
}
