import type { Piece } from './bytes.js'

/** Servers that a case's routes may lead to. `dead` is a port that nothing listens on. */
export type BackendName = 'backend' | 'other' | 'error' | 'secure' | 'untrusted' | 'unix' | 'dead'

/** What a proxy listens on. */
export type ListenerName = 'public' | 'api' | 'redirect' | 'metrics'

/**
 * How both proxies are started; cases with equal ones share a pair of processes. In the options, the contents of files,
 * the routes and what is sent, `{port}`, `{apiPort}`, `{redirectPort}`, `{metricsPort}`, `{deadPort}`, the names of
 * backends (their URLs), `{dir}` (a directory of the process) and `{certs}` stand for what differs between the two.
 */
export interface Setup {
  readonly options?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Files in `{dir}`, by their paths. */
  readonly files?: Readonly<Record<string, string>>
}

/** What a backend does at one point of a request. */
export interface Reaction {
  readonly send?: readonly Piece[]
  /** Afterwards the connection ends, in order or not, or echoes all that comes; otherwise it waits for the next request. */
  readonly after?: 'close' | 'reset' | 'echo'
}

/** How a backend answers. */
export interface Behaviour {
  /** When the request's head is there. Nothing, if absent. */
  readonly onHead?: Reaction
  /** When the whole request is there. A plain answer, if absent. */
  readonly onEnd?: Reaction
  /** In place of these for the requests of a path, which is compared as it came. */
  readonly byPath?: Readonly<Record<string, Behaviour>>
}

/** TLS as the client speaks it. */
export interface ClientTls {
  /** Shows this certificate of `{certs}`: the name of a .pem and a .key file. */
  readonly certificate?: string
  readonly minVersion?: 'TLSv1' | 'TLSv1.2' | 'TLSv1.3'
  readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
  readonly ciphers?: string
  readonly alpn?: readonly string[]
}

/** One thing that the client does, or waits for. */
export type Step =
  /** Opens a connection, which the following steps are about. */
  | { readonly connect: ListenerName; readonly tls?: ClientTls }
  | { readonly send: readonly Piece[] }
  /** Waits for the answer to a request of this method. */
  | { readonly answer: string }
  /** Waits for this many bytes of an upgraded connection. */
  | { readonly receive: number }
  /** Waits until the connection has ended. */
  | { readonly closed: true }
  /** Waits until a backend has this many bytes of the body of the last request. */
  | { readonly backendHas: number }
  /** Ends the sending side, or the whole connection at once. */
  | { readonly leave: 'half' | 'whole' }
  /** Notes when a route was last active, to be compared by `settled` and `advanced`. */
  | { readonly remember: string }
  /** Waits until a route was active since; what was before is known by then, too. */
  | { readonly settled: string }
  /** Whether a route was active since. */
  | { readonly advanced: string }

/** One thing that both proxies are asked, on one or several connections. */
export interface Case {
  readonly name: string
  readonly setup?: Setup
  /** It leaves something behind that the next case on the same processes would meet. */
  readonly alone?: true
  /** What is posted to the API before, by routespec: the target, or the whole body. */
  readonly routes?: Readonly<Record<string, string | Readonly<Record<string, unknown>>>>
  readonly backends?: Readonly<Partial<Record<BackendName, Behaviour>>>
  readonly talk: readonly Step[]
  /** How long a step may take, in milliseconds; after that, that nothing came is what came. */
  readonly limitMs?: number
  /** One of the two never goes on: it is not waited for any longer once the other is done. */
  readonly oneHangs?: true
  /** What of the answers' bodies is compared, where not all of it can be. */
  readonly body?: 'metric names'
}

/** One start of the command that ends by itself, or by a signal once it serves. */
export interface ExitCase {
  readonly name: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: NodeJS.Signals
}
