import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { PLAIN_NODE } from '../support/environment.js'
import { CLI, TOKEN } from '../support/proxy.js'

export interface Ended {
  readonly code: number
  readonly output: string
}

/** Runs a command of the proxy, which has the token of the tests. */
export async function command(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const [node, ...options] = PLAIN_NODE as [string, ...string[]]
  return promisify(execFile)(node, [...options, CLI, ...args], {
    env: { ...process.env, CONFIGPROXY_AUTH_TOKEN: TOKEN, ...env },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code, output: stdout + stderr }),
  )
}

/** The address of a proxy's REST API. */
export const apiOf = ({ apiPort }: { apiPort: number }) => `http://127.0.0.1:${apiPort}`
