import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { CHP } from '../test/support/chp.js'
import { accepts, freePorts } from '../test/support/ports.js'
import { ProxyProcess, TOKEN } from '../test/support/proxy.js'
import { eventually } from '../test/support/wait.js'

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
  const [port, apiPort] = (await freePorts(2)) as [number, number]
  const args = ['--ip', '127.0.0.1', '--port', String(port), '--api-ip', '127.0.0.1', '--api-port', String(apiPort)]
  args.push('--default-target', defaultTarget)
  const env = { ...process.env, CONFIGPROXY_AUTH_TOKEN: TOKEN }
  const child = spawn(process.execPath, [CHP, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`CHP ended:\n${output}`)
    return (await accepts(port)) && (await accepts(apiPort))
  }, 'CHP serves')
  return {
    name: 'CHP',
    url: `http://127.0.0.1:${port}`,
    apiPort,
    pids: { control: child.pid ?? 0 },
    stop: async () => {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
