import type { DataPlane } from '../data-plane/data-plane.js'
import type { HostResolver } from '../names/resolver.js'
import type { Clock } from '../platform/clock.js'
import { FatalError } from '../platform/fatal-error.js'
import type { Logger } from '../platform/log.js'
import type { Undo } from '../platform/shutdown.js'
import { secretsCluster } from '../resources/clusters/target-tls.js'
import { failureLines } from '../resources/counters/failure-log.js'
import { namedResource, resource } from '../resources/encode.js'
import { routeConfiguration } from '../resources/listeners/route-configuration.js'
import { FAILURE_LINES, PUBLIC_ROUTES, SECRETS_CLUSTER, TYPE_URL } from '../resources/names.js'
import { readScripts } from '../resources/scripts.js'
import type { Route, RoutePublication } from '../routing/route.js'
import type { OpenedStore } from '../routing/store.js'
import { RouteTable } from '../routing/table.js'
import type { Settings } from '../settings/settings.js'
import type { CollectionOptions } from '../xds/collection.js'
import { ResourceCollection } from '../xds/collection.js'
import type { Resource } from '../xds/resource.js'
import type { AdsCollections } from '../xds/stream.js'
import { ClusterPublisher, rejectionLine, unusableLine } from './clusters.js'
import { provideErrorPages } from './error-pages.js'
import { hostNames } from './host-names.js'
import { listenerResources, listenersWithoutPort } from './listeners.js'
import { targetReader } from './own-servers.js'
import { SecretPublisher } from './secrets.js'

/** How long a change of a route waits for Envoy. JupyterHub gives up on a call after 20 s. */
const ACK_TIMEOUT_MS = 10_000

export interface CoreOptions {
  readonly settings: Settings
  readonly log: Logger
  readonly store: OpenedStore
  readonly envoys: Pick<DataPlane, 'fleet' | 'recoverable' | 'refused' | 'recover'>
  readonly resolver: HostResolver
  readonly undo: Undo
  /** Called whenever an Envoy has refused a cluster. */
  readonly onClusterRejected: () => void
  readonly clock?: Clock
}

/** The route table and all else that Envoys get. */
export interface Core {
  readonly table: RouteTable
  readonly clusters: ResourceCollection
  readonly listeners: ResourceCollection
  /** The listeners as an Envoy can try them out while another one serves. */
  readonly listenersWithoutPort: readonly Resource[]
  readonly secrets: SecretPublisher
  readonly publisher: ClusterPublisher
  /** What an ADS stream serves. */
  readonly collections: AdsCollections
}

/**
 * Makes what the control plane is without its servers: from the store to what each Envoy is to get.
 *
 * @throws FatalError saying what is in the way
 */
export async function createCore(options: CoreOptions): Promise<Core> {
  const { settings, log, store, envoys, undo, clock } = options
  const { defaultTarget, hostRouting, forwarding, limits } = settings
  const collection = (
    typeUrl: string,
    onRejected: CollectionOptions['onRejected'],
    more: Pick<CollectionOptions, 'onAcknowledged' | 'maxAResponse'> = {},
  ) =>
    new ResourceCollection({ typeUrl, ackTimeoutMs: ACK_TIMEOUT_MS, fleet: envoys.fleet, onRejected, clock, ...more })

  const clusters = collection(TYPE_URL.cluster, (name, reason, kept, _version, hasOther) => {
    log.warn(rejectionLine(name, reason, kept, hasOther))
    options.onClusterRejected()
  })
  const listeners = collection(TYPE_URL.listener, (name, reason) =>
    envoys.refused(`Envoy can't serve the ${name} port: ${reason}`),
  )
  const routeConfigurations = collection(TYPE_URL.routeConfiguration, (_name, reason) =>
    envoys.refused(`Envoy rejected the lookup of routes: ${reason}`),
  )
  const secrets = collection(
    TYPE_URL.secret,
    (name, reason, _kept, version) => secretPublisher.rejected(name, reason, version),
    {
      onAcknowledged: (secret) => secretPublisher.acknowledged(secret),
      // Envoy looks at a secret once: sent again after its response was refused, it is acknowledged whatever it is.
      maxAResponse: 1,
    },
  )
  const secretPublisher = new SecretPublisher({
    secrets,
    tls: settings.tls,
    log,
    onUnusable: (message) => envoys.refused(message),
  })
  secretPublisher.start()
  undo.push(() => secretPublisher.close())

  const tokenBuckets = collection(TYPE_URL.tokenBucket, (name, reason) =>
    log.warn(rejectionLine(name, reason, false, false)),
  )
  tokenBuckets.set(FAILURE_LINES, namedResource(TYPE_URL.tokenBucket, FAILURE_LINES, failureLines()))

  const { certificate, authorities } = settings.tls.targets
  const targetTls = { showCertificate: certificate !== undefined, verify: authorities !== undefined }
  clusters.set(SECRETS_CLUSTER, resource(TYPE_URL.cluster, secretsCluster(targetTls)))
  const names = hostNames({
    ...{ resolver: options.resolver, directory: store.directory, log, undo, clock },
    onChanged: (host) => publisher.addressesChanged(host),
  })
  const publisher = new ClusterPublisher({
    clusters,
    settings: { targetTls, hostRouting, forwarding, limits },
    recoverable: envoys.recoverable,
    addresses: names.addresses,
    warn: (line) => log.warn(line),
  })
  const recovered = store.isNew ? await envoys.recover() : []
  const readTarget = targetReader(settings)
  checkOptions(settings, readTarget)
  const table = new RouteTable({ store, publisher, hostRouting, readTarget, now: () => new Date() })
  const routes = await loadRoutes(table, { defaultTarget, recovered, log, store })
  await names.begin(routes)
  publisher.load(routes)
  const scripts = await readScripts()
  const errorPages = provideErrorPages(settings.errorPages, { clusters, tls: { targetTls }, scripts, log })
  for (const listener of listenerResources(settings, errorPages, scripts)) listeners.set(listener.name, listener)
  routeConfigurations.set(
    PUBLIC_ROUTES,
    resource(
      TYPE_URL.routeConfiguration,
      routeConfiguration({ hostRouting, forwarding, limits, lookup: scripts.lookup }),
    ),
  )
  const collections = { ordered: [clusters, listeners, routeConfigurations], onDemand: [secrets, tokenBuckets] }
  return {
    table,
    clusters,
    listeners,
    listenersWithoutPort: listenersWithoutPort(settings, errorPages, scripts),
    secrets: secretPublisher,
    publisher,
    collections,
  }
}

/** @throws FatalError if one of them leads back to this proxy */
function checkOptions({ defaultTarget, errorPages }: Settings, readTarget: (text: string) => unknown): void {
  const targets = { '--default-target': defaultTarget, '--error-target': errorPages.target?.url }
  for (const [flag, target] of Object.entries(targets)) {
    try {
      if (target !== undefined) readTarget(target)
    } catch (error) {
      throw new FatalError(`${flag}: ${(error as Error).message}`)
    }
  }
}

async function loadRoutes(
  table: RouteTable,
  {
    defaultTarget,
    recovered,
    log,
    store,
  }: Pick<CoreOptions, 'log' | 'store'> & {
    defaultTarget: string | undefined
    recovered: readonly Route[]
  },
): Promise<RoutePublication[]> {
  const onDefaultNotStored = (error: Error) =>
    log.warn(
      `The default target is in use, but was not stored: ${error.message}. Without --default-target the next start has the one before.`,
    )
  try {
    const routes = await table.load({ defaultTarget, recovered, onDefaultNotStored })
    log.info(
      store.isDurable
        ? `Routes are kept in ${store.where}, ${table.restored} restored`
        : `Routes are kept in ${store.where} and end with this process`,
    )
    for (const [routespec, reason] of table.refusals()) log.warn(unusableLine(routespec, reason))
    return routes
  } catch (error) {
    if (error instanceof FatalError) throw error
    throw new FatalError(
      `The routes that were recovered from the running Envoy can't be kept: ${(error as Error).message}`,
    )
  }
}
