import type { ProcessRole } from './record.js'

/**
 * The world in which an incident happens: what it may do to the proxy, the hub, the servers and the users. Users are named by
 * their index, from 0 to `users.count - 1`, in the order in which they come.
 */
export interface World {
  readonly proxy: ProxyHandle
  /** Undefined if a real hub is rehearsed. */
  readonly hub: PlayedHub | undefined
  /** Undefined if a real hub is rehearsed. */
  readonly servers: PlayedServers | undefined
  readonly users: UserCrowd
  /** From 0 to 1, seeded by the rehearsal and the incident's name: use it instead of Math.random. */
  readonly random: () => number
  /** Records what was done, for the report and the live figures: `killed Envoy 4711`. */
  did(what: string): void
  /**
   * From now on failures of these users are counted apart: the incident itself is what fails, and no proxy could prevent it.
   *
   * @returns ends that; what began before counts as excused even if it fails later
   */
  excuse(users: readonly number[]): () => void
  /** Resolves after that time, or at once when the rehearsal ends. @returns false if it has ended */
  wait(ms: number): Promise<boolean>
  /** Aborted when the rehearsal ends. What the incident has done to the world need not be undone. */
  readonly over: AbortSignal
}

/** Something that goes wrong, by name. */
export interface Incident {
  readonly name: string
  /** In a sentence, for the help and the report. */
  readonly description: string
  readonly needs: readonly Need[]
  /** Resolves when it is over, as far as it is the incident's doing. @throws Error saying what could not be done */
  run(world: World): Promise<void>
}

/** `own proxy`: one that the rehearsal started; `played hub`: hub and servers are played; `tls`: users come by HTTPS. */
export type Need = 'own proxy' | 'played hub' | 'tls'

/** An incident and its time, in milliseconds after the start; `after ramp` is a moment after the last user has come. */
export interface PlannedIncident {
  /** As it was asked for. */
  readonly asked: string
  readonly incident: Incident
  readonly atMs: number
}

export interface ProxyProcess {
  readonly pid: number
  /** In the kernel's clock ticks since boot: tells it from a later process with the same id. */
  readonly startTime: string
  readonly role: ProcessRole
  readonly command: string
}

/**
 * The proxy under rehearsal: CHP, this one, or another that speaks CHP's API. All its processes have the variable
 * `CEP_REHEARSAL` in their environment if the rehearsal started it.
 */
export interface ProxyHandle {
  readonly kind: 'this' | 'chp' | 'other'
  /** The value of CEP_REHEARSAL; undefined if the rehearsal didn't start it. */
  readonly mark: string | undefined
  /** Without a slash at the end, such as `http://127.0.0.1:8000`. */
  readonly publicUrl: string
  /** Without a slash at the end, such as `http://127.0.0.1:8001`; undefined if only a real hub knows it. */
  readonly apiUrl: string | undefined
  readonly token: string | undefined
  /** Whether the rehearsal started it, and so may kill it and start it again. */
  readonly isOwn: boolean
  /** The files of the certificate that it was started with; undefined without TLS. */
  readonly certificate: { readonly keyFile: string; readonly certFile: string } | undefined
  /** What belongs to it now and may be looked at; empty if it runs elsewhere or as another user. */
  processes(): Promise<readonly ProxyProcess[]>
  /**
   * Sends SIGKILL to processes of these roles, all at once, and waits until they are gone.
   *
   * @returns those that were killed
   */
  kill(roles: readonly ProcessRole[]): Promise<readonly ProxyProcess[]>
  /**
   * Starts it again with the same command, on the same ports and with what is on its disk, and waits until both ports accept.
   *
   * @throws Error if it ends, or doesn't accept in time; it quotes what it printed last
   */
  start(): Promise<void>
  /** Removes what it keeps on disk, as with the loss of a node: only while it doesn't run. */
  loseDisk(): Promise<void>
}

/** The hub as the rehearsal plays it. JupyterHub restarts a proxy that it started when it ends: this one does so, too. */
export interface PlayedHub {
  /** Whether the hub starts the proxy again when its process has ended, after at most 5 s as JupyterHub does. Default true. */
  restartsProxy: boolean
  /** How often it compares the proxy's routes with its own, in milliseconds: JupyterHub's 300 s, scaled as all times are. */
  readonly checkIntervalMs: number
  /** The hub is gone: its port refuses, it neither checks routes nor adds any. */
  stop(): Promise<void>
  /** It comes back as JupyterHub does: it listens, reads the proxy's table, adds what is missing and removes what is stale. */
  start(): Promise<void>
  /** Posts all its routes, `/` first and up to ten at a time, whatever the proxy has: JupyterHub's restore_routes. */
  repopulate(): Promise<void>
  /** Compares and mends: JupyterHub's check_routes. @returns how many were added and removed */
  check(): Promise<{ readonly added: number; readonly removed: number }>
  /** Adds or replaces a route by hand, which the hub then knows. */
  add(routespec: string, target: string): Promise<void>
  remove(routespec: string): Promise<void>
  /** Deletes every route in the proxy, which the hub doesn't notice until it checks. */
  dropTable(): Promise<void>
  /** Routespecs that the hub wants to be there. */
  routes(): readonly string[]
}

/** The users' servers as the rehearsal plays them: each listens on a port of its own. */
export interface PlayedServers {
  /** `http://127.0.0.1:40123`; undefined if the user has no server now. */
  target(user: number): string | undefined
  /** They accept connections and requests, and answer nothing. */
  hang(users: readonly number[]): Promise<void>
  resume(users: readonly number[]): Promise<void>
  /** They end: connections break, their ports refuse. The hub's route stays, as after a crash. */
  end(users: readonly number[]): Promise<void>
  /** They listen again, on the same ports. */
  start(users: readonly number[]): Promise<void>
}

export interface UserCrowd {
  readonly count: number
  /** Those that have come and not left. */
  active(): readonly number[]
  /** The name in paths: `/user/NAME/`. */
  name(user: number): string
  /**
   * They leave: `abruptly` as when a laptop is closed or a network is gone, with requests in flight and websockets cut. Their
   * requests fail no more, since nobody waits for them.
   */
  leave(users: readonly number[], how: 'abruptly' | 'politely'): void
  /** They come back: log in, and spawn if they have no server. Nothing for those that are there. */
  come(users: readonly number[]): void
}
