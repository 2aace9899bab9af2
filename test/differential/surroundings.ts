import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { CHP } from '../support/chp.js'
import { CLI, TOKEN } from '../support/proxy.js'
import { Backend } from './backend.js'
import type { BackendName } from './case.js'

export const PROGRAMS = {
  CHP,
  here: CLI,
} as const

export type ProgramName = keyof typeof PROGRAMS

/** The environment that both programs are started in. */
export function environmentOf(directory: string, env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const directories = { XDG_RUNTIME_DIR: directory, XDG_STATE_HOME: join(directory, 'state') }
  return { ...process.env, ...directories, CONFIGPROXY_AUTH_TOKEN: TOKEN, ...env }
}

/** Puts what names stand for in their places. */
export function fill(text: string, names: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (all, name: string) => names[name] ?? all)
}

export async function startBackends(directory: string, certs: string): Promise<Map<BackendName, Backend>> {
  const pem = (name: string) => readFile(join(certs, name))
  const tls = async (name: string) => ({
    cert: await pem(`${name}.pem`),
    key: await pem(`${name}.key`),
    ca: await pem('ca.pem'),
    requestCert: true,
    rejectUnauthorized: false,
  })
  return new Map<BackendName, Backend>([
    ['backend', await Backend.start('backend', 0)],
    ['other', await Backend.start('other', 0)],
    ['error', await Backend.start('error', 0)],
    ['secure', await Backend.start('secure', 0, await tls('server'))],
    ['untrusted', await Backend.start('untrusted', 0, await tls('untrusted'))],
    ['unix', await Backend.start('unix', join(directory, 'backend.sock'))],
  ])
}

export async function namesOf(
  directory: string,
  certs: string,
  backends: ReadonlyMap<BackendName, Backend>,
): Promise<Record<string, string>> {
  const [port, apiPort, redirectPort, metricsPort, deadPort] = (await reservePorts(5)).map(String)
  const names: Record<string, string> = {}
  for (const [name, backend] of backends) {
    const scheme = name === 'secure' || name === 'untrusted' ? 'https' : 'http'
    names[name] =
      name === 'unix'
        ? `http+unix://${encodeURIComponent(join(directory, 'backend.sock'))}`
        : `${scheme}://127.0.0.1:${backend.port}`
    if (name !== 'unix') names[`${name}Port`] = String(backend.port)
  }
  return Object.assign(names, {
    ...{ port, apiPort, redirectPort, metricsPort, deadPort },
    dead: `http://127.0.0.1:${deadPort}`,
    dir: directory,
    dirEscaped: encodeURIComponent(directory),
    certs,
    token: TOKEN,
  })
}

/**
 * Below the ports that Linux gives to those who ask for any: many processes start at a time, and what one is told to
 * listen on must not be given to another's connection meanwhile.
 */
const FIRST_PORT = 10_000
const LAST_PORT = 32_000

let lastReserved = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT))

/** Ports of the loopback address that nothing listens on, and that this process never gives again. */
async function reservePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    lastReserved = lastReserved < LAST_PORT ? lastReserved + 1 : FIRST_PORT
    const port = lastReserved
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  const free = await once(server, 'listening').then(
    () => true,
    () => false,
  )
  if (free) await new Promise((resolve) => server.close(resolve))
  return free
}
