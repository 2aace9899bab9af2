import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { clusterName, routeKeyOf } from '../../src/resources/names.js'
import { askAdmin } from '../../test/support/admin.js'
import { ask } from '../../test/support/http.js'
import { eventually } from '../../test/support/wait.js'
import { startEnvoyWith } from '../contenders/envoy.js'
import { CLUSTER_HEADER } from '../contenders/envoy-bootstrap.js'
import { startOurs } from '../contenders/ours.js'
import { storeRoutes } from '../stored-routes.js'
import { userPath } from './paths.js'
import type { FreshWork, Stage, Values } from './work.js'

const ROUTES = 10_000

/** Asked for until it is served. */
const LAST = userPath(ROUTES - 1)

export const START: FreshWork = {
  name: 'start-10k',
  title: `From the command until the last of ${ROUTES.toLocaleString('en')} routes is served: stored ones here, added again by a hub with CHP, and the same clusters in a file for Envoy`,
  figures: { time: { title: 'start to ready', unit: 's' } },
  contenders: ['ours', 'chp-5.3.0', 'chp-4.6.3', 'envoy'],
  measureFresh: (stage) => {
    if (stage.contender.name === 'ours') return startFromStore(stage)
    if (stage.contender.name === 'envoy') return startFromFile(stage)
    return timed(() => stage.contender.start(stage.setup({ users: ROUTES })))
  },
}

async function startFromStore(stage: Stage): Promise<Values> {
  const stateDir = await stored(stage)
  return timed(() => startOurs(stage.setup({ users: 0 }), stateDir))
}

async function startFromFile(stage: Stage): Promise<Values> {
  const clusters = await clustersOfOurs(stage)
  const headers = { [CLUSTER_HEADER]: clusterName(LAST) }
  return timed(() => startEnvoyWith(clusters, stage.setup({ users: 0 })), headers)
}

async function timed(
  start: () => Promise<{ readonly port: number; stop(): Promise<void> }>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Values> {
  const begin = performance.now()
  const proxy = await start()
  try {
    await eventually(async () => (await ask(proxy.port, `${LAST}/x`, { headers })).status === 200, `${LAST} is served`)
    return { time: (performance.now() - begin) / 1000 }
  } finally {
    await proxy.stop()
  }
}

/** A state directory with the routes, made once in a run. */
async function stored({ directory, backends }: Stage): Promise<string> {
  const stateDir = join(directory, 'stored')
  const isThere = await access(stateDir).then(
    () => true,
    () => false,
  )
  if (isThere) return stateDir
  const routespecs = Array.from({ length: ROUTES }, (_, user) => userPath(user))
  try {
    await storeRoutes(stateDir, routespecs, backends.small)
    return stateDir
  } catch (error) {
    await rm(stateDir, { recursive: true, force: true })
    throw error
  }
}

const clustersOf = new WeakMap<Stage['backends'], Promise<object[]>>()

/** The routes' clusters as an Envoy of ours has them, as Envoy itself shows them; asked for once in a run. */
function clustersOfOurs(stage: Stage): Promise<object[]> {
  const clusters = clustersOf.get(stage.backends) ?? dump(stage)
  clustersOf.set(stage.backends, clusters)
  return clusters
}

async function dump(stage: Stage): Promise<object[]> {
  const proxy = await startOurs(stage.setup({ users: 0 }), await stored(stage))
  try {
    await eventually(async () => (await ask(proxy.port, `${LAST}/x`)).status === 200, `${LAST} is served`)
    const socket = join(proxy.process.runtimeDir, 'admin.sock')
    const { configs } = JSON.parse(await askAdmin(socket, '/config_dump?resource=dynamic_active_clusters')) as {
      readonly configs: ReadonlyArray<{ readonly cluster: { readonly '@type': string; readonly name: string } }>
    }
    const clusters = configs.map(({ cluster: { '@type': _type, ...cluster } }) => cluster)
    return clusters.filter(({ name }) => routeKeyOf(name) !== undefined)
  } finally {
    await proxy.stop()
  }
}
