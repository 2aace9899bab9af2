import { findEnvoy } from '../../src/envoy/binary/find.js'
import { readRelease } from '../../src/envoy/binary/release.js'
import { startProgram } from '../cost/programs.js'
import type { Contender, RunningProxy, Setup } from './contender.js'
import { bootstrapOfClusters, bootstrapOfTable } from './envoy-bootstrap.js'

/** So many clusters take seconds to load. */
const START_MS = 120_000

/** Envoy with the whole table in a file and nothing besides: what a proxy made of Envoy can come close to. */
export const ENVOY: Contender = {
  name: 'envoy',
  title: 'Envoy, static',
  install: 'npm start, once: it fetches Envoy',
  version: async () => readRelease().version,
  start: (setup) => startEnvoy(setup, (port) => bootstrapOfTable(setup, port)),
}

/** Envoy with clusters that are given. */
export function startEnvoyWith(clusters: readonly object[], setup: Setup): Promise<RunningProxy> {
  return startEnvoy(setup, (port) => bootstrapOfClusters(clusters, port))
}

async function startEnvoy(setup: Setup, bootstrapOf: (port: number) => object): Promise<RunningProxy> {
  const { env, arch } = process
  const release = readRelease()
  const { path } = await findEnvoy({ release, explicit: env.ENVOY_PATH, env, arch, progress: () => {} })
  const flags = ['--concurrency', String(setup.workers), '--disable-hot-restart', '--log-level', 'error']
  const { port, pid, stop } = await startProgram({
    command: 'taskset',
    args: (file) => ['-c', setup.processors, path, '--config-path', file, ...flags],
    config: (port) => JSON.stringify(bootstrapOf(port)),
    startMs: START_MS,
  })
  return { port, pids: async () => ({ data: [pid], control: [] }), stop }
}
