import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PLAIN_NODE } from '../../test/support/environment.js'
import { accepts, freePorts } from '../../test/support/ports.js'
import { processesWith } from '../../test/support/processes.js'
import { TOKEN } from '../../test/support/proxy.js'
import { eventually } from '../../test/support/wait.js'
import { ApiClient } from '../api-client.js'
import type { Program } from './programs.js'
import { end } from './programs.js'

export interface BuildInput {
  /** A clone of this project that is built. */
  readonly directory: string
  readonly routes: number
  /** The port of 127.0.0.1 that all routes lead to. */
  readonly backendPort: number
}

/** The routespec with this number, from 0. */
export function routespec(route: number): string {
  return `/user/u${route}`
}

/** Starts a build of this proxy with one worker and a table of routes. The process is its Envoy's. */
export async function startBuild({ directory, routes, backendPort }: BuildInput): Promise<Program> {
  const runtime = await mkdtemp(join(tmpdir(), 'cep-cost-'))
  const [port = 0, apiPort = 0] = await freePorts(2)
  const [env, ...before] = PLAIN_NODE
  const own = ['--ip', '127.0.0.1', '--port', String(port), '--api-ip', '127.0.0.1', '--api-port', String(apiPort)]
  const rest = ['--workers', '1', '--storage-backend', 'memory', '--log-level', 'error']
  const child = spawn(env, [...before, mainOf(directory), ...own, ...rest], {
    env: { ...process.env, XDG_RUNTIME_DIR: runtime, XDG_STATE_HOME: runtime, CONFIGPROXY_AUTH_TOKEN: TOKEN },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const stop = async () => {
    await end(child)
    await rm(runtime, { recursive: true, force: true })
  }
  try {
    await eventually(async () => (await accepts(port)) && (await accepts(apiPort)), `${directory} serves`)
    const client = new ApiClient(apiPort, 100)
    await client.add(
      Array.from({ length: routes }, (_, route) => routespec(route)),
      `http://127.0.0.1:${backendPort}`,
    )
    client.close()
    const started = await processesWith(`XDG_RUNTIME_DIR=${runtime}`)
    const envoy = started.find(({ command }) => command[1] === '--config-path')
    if (envoy === undefined) throw new Error(`${directory} has started no Envoy`)
    return { port, pid: envoy.pid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Where the command is, also in older builds. */
function mainOf(directory: string): string {
  const paths = ['build/src/cli/main.js', 'build/src/cli.js'].map((path) => join(directory, path))
  const main = paths.find((path) => existsSync(path))
  if (main === undefined) throw new Error(`${directory} is not a build of this proxy: there is no ${paths[0]}`)
  return main
}
