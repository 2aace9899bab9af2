import { ChpProcess } from '../test/support/chp.js'
import { ProxyProcess } from '../test/support/proxy.js'

export type ContenderName = 'ours' | 'CHP'

/** A running proxy that is measured. */
export interface Contender {
  readonly name: ContenderName
  /** Of the public port. */
  readonly url: string
  readonly apiPort: number
  /** Its processes: the one that has the API, and what else carries traffic. */
  readonly pids: { readonly control: number; readonly envoy?: number }
  readonly stop: () => Promise<void>
}

/** Starts this proxy with one worker, since CHP has one thread for all traffic. */
export async function startOurs(defaultTarget: string): Promise<Contender> {
  const proxy = await ProxyProcess.start(['--workers', '1', '--default-target', defaultTarget])
  return {
    name: 'ours',
    url: proxy.url,
    apiPort: proxy.apiPort,
    pids: { control: proxy.child.pid ?? 0, envoy: await proxy.envoyPid() },
    stop: () => proxy.stop(),
  }
}

/** Starts configurable-http-proxy as npm has it. */
export async function startChp(defaultTarget: string): Promise<Contender> {
  const chp = await ChpProcess.start(['--default-target', defaultTarget])
  return {
    name: 'CHP',
    url: `http://127.0.0.1:${chp.port}`,
    apiPort: chp.apiPort,
    pids: { control: chp.pid },
    stop: () => chp.stop(),
  }
}
