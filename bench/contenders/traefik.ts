import { existsSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../../test/support/wait.js'
import { startProgram } from '../cost/programs.js'
import { transfer } from '../load/curl.js'
import type { Contender, Setup } from './contender.js'
import { versionOf } from './version.js'

/** As bench/install-traefik.sh has it. */
const VERSION = 'v3.6.2'

/** So many routes take seconds to load. */
const START_MS = 120_000

/** Traefik with a router and a service for each route, in the file of its file provider. */
export const TRAEFIK: Contender = {
  name: 'traefik',
  title: 'Traefik, file',
  install: 'sh bench/install-traefik.sh',
  version: async () => (existsSync(binary()) ? versionOf(binary(), ['version'], /Version:\s+v?(\S+)/) : undefined),
  start: async (setup) => {
    const { port, pid, stop } = await startProgram({
      command: 'taskset',
      // It wants to see by the names of its files that they are YAML, which JSON is.
      args: (file) => ['-c', setup.processors, binary(), `--configFile=${file}.yml`],
      config: (port, directory) => {
        const routes = join(directory, 'routes.yml')
        writeFileSync(routes, JSON.stringify(table(setup)))
        const content = JSON.stringify(configuration(setup, port, routes))
        writeFileSync(join(directory, 'config.yml'), content)
        return content
      },
      startMs: START_MS,
    })
    await serves(port, setup)
    return { port, pids: async () => ({ data: [pid], control: [] }), stop }
  },
}

/** It listens before it has read its routes. */
function serves(port: number, { routes, certificate }: Setup): Promise<void> {
  const url = `${certificate ? 'https' : 'http'}://127.0.0.1:${port}${routes.at(-1)?.path ?? ''}/0`
  const isServed = () =>
    transfer({ url }).then(
      () => true,
      () => false,
    )
  return eventually(isServed, `Traefik serves ${url}`, START_MS)
}

function binary(): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  return join(cache, 'configurable-envoy-proxy', `traefik-${VERSION}`)
}

function configuration({ certificate }: Setup, port: number, routes: string): object {
  return {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    log: { level: 'ERROR' },
    entryPoints: {
      public: {
        address: `127.0.0.1:${port}`,
        transport: { respondingTimeouts: { readTimeout: 0, idleTimeout: '1h' } },
        ...(certificate && { http: { tls: {} } }),
      },
    },
    providers: { file: { filename: routes, watch: false } },
  }
}

function table({ routes, defaultTarget, certificate }: Setup): object {
  const all = [...routes, { path: '/', target: defaultTarget }]
  const router = ({ path }: { readonly path: string }, at: number) => [
    `r${at}`,
    { rule: `PathPrefix(\`${path}\`)`, service: `r${at}`, entryPoints: ['public'] },
  ]
  const service = ({ target }: { readonly target: string }, at: number) => [
    `r${at}`,
    { loadBalancer: { servers: [{ url: target }] } },
  ]
  const { keyFile, certFile } = certificate ?? {}
  return {
    http: { routers: Object.fromEntries(all.map(router)), services: Object.fromEntries(all.map(service)) },
    ...(certificate && { tls: { certificates: [{ certFile, keyFile }] } }),
  }
}
