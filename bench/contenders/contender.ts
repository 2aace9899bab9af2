import type { Certificate } from '../../test/support/certificate.js'

export const CONTENDERS = ['ours', 'chp-5.3.0', 'chp-4.6.3', 'envoy', 'traefik', 'haproxy', 'nginx'] as const

/** How many routes are added at a time before anything is measured. */
export const FILLING = 100

export type ContenderName = (typeof CONTENDERS)[number]

export interface Route {
  readonly path: string
  readonly target: string
}

/** With what a proxy is started. */
export interface Setup {
  readonly routes: readonly Route[]
  /** Where every other path leads. */
  readonly defaultTarget: string
  /** The public port speaks TLS with this certificate, and HTTP/2 where the proxy can. */
  readonly certificate?: Certificate
  readonly workers: number
  /** The processors that it may use, as `taskset -c` takes them. */
  readonly processors: string
}

/** A proxy that can be measured: one file of this directory each. */
export interface Contender {
  readonly name: ContenderName
  /** How the report calls it. */
  readonly title: string
  /** What a reader does to have it. */
  readonly install: string
  /** Undefined if it isn't installed. */
  version(): Promise<string | undefined>
  /** Resolves once it serves all the routes. */
  start(setup: Setup): Promise<RunningProxy>
}

export interface RunningProxy {
  readonly port: number
  /** Of the REST API, if it has CHP's. */
  readonly apiPort?: number
  /** The processes that carry the traffic, and those that only configure them. */
  pids(): Promise<{ readonly data: readonly number[]; readonly control: readonly number[] }>
  stop(): Promise<void>
}

export async function allPids(proxy: RunningProxy): Promise<number[]> {
  const { data, control } = await proxy.pids()
  return [...data, ...control]
}
