import { ERROR_PAGE_LIMIT } from '../../settings/error-pages.js'
import type { Limits } from '../../settings/limits.js'
import { GENERATION, GENERATION_KEY } from '../../xds/generation.js'
import { activityReports } from '../counters/activity.js'
import { CONTROL_PLANE } from '../names.js'
import { keyParameter } from './admin-key.js'
import type { ControlPlaneAddress } from './control-plane-cluster.js'
import { controlPlaneCluster } from './control-plane-cluster.js'
import { overloadManager } from './overload.js'
import { statsListener } from './stats-listener.js'

export interface BootstrapInput {
  readonly controlPlane: ControlPlaneAddress
  /** The unix socket of Envoy's admin interface. */
  readonly adminSocket: string
  /** The key that each call of it must have; see {@link keyParameter}. */
  readonly adminKey: string
  readonly limits: Pick<Limits, 'maxHeapBytes' | 'maxConnections'>
  /** The id of an external Envoy; an embedded one gets its id on the command line. */
  readonly nodeId?: string
  /** The standard output that Envoy gets for an access log: another one needs another Envoy. */
  readonly standardOutput?: string | undefined
  /** Where Envoy serves its statistics; see {@link statsListener}. */
  readonly statsAt?: { readonly host: string; readonly port: number } | undefined
}

const FOREVER = '0s'

/** The longest back-off before Envoy tries again to connect to the control plane; Envoy's default is 30 s. */
const RETRY = '0.25s'

/** The same for external Envoys: they may be alone for hours, and log a line for each attempt. */
const EXTERNAL_RETRY = '1s'

/** The same for several control planes: one that starts answers a change when Envoys must have found it. */
const FLEET_RETRY = '0.4s'

/** The service cluster of all Envoys of this program; on the command line of an embedded one too. */
export const NODE_CLUSTER = 'configurable-envoy-proxy'

function retryOf({ controlPlane, nodeId }: BootstrapInput): string {
  if ('endpoints' in controlPlane && controlPlane.isFleet) return FLEET_RETRY
  return nodeId === undefined ? RETRY : EXTERNAL_RETRY
}

/**
 * Envoy's bootstrap, as JSON: how to reach the control plane, and nothing that it can get from there.
 *
 * Deferred creation: only clusters in use get statistics and an object in each worker, which halves a cluster's memory.
 */
export function bootstrap(input: BootstrapInput): object {
  const { controlPlane, adminSocket, adminKey, limits, nodeId, standardOutput, statsAt } = input
  const stats = statsAt && statsListener(statsAt, { socketPath: adminSocket, key: adminKey })
  return {
    node: {
      ...(nodeId === undefined ? {} : { id: nodeId, cluster: NODE_CLUSTER }),
      metadata: {
        [GENERATION_KEY]: GENERATION,
        ...(standardOutput === undefined ? {} : { standard_output: standardOutput }),
      },
    },
    admin: {
      // Envoy compares the path including its query.
      allow_paths: [{ suffix: keyParameter(adminKey) }],
      address: { pipe: { path: adminSocket, mode: 0o600 } },
    },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [
          {
            envoy_grpc: {
              cluster_name: CONTROL_PLANE,
              retry_policy: {
                retry_back_off: { base_interval: '0.05s', max_interval: retryOf(input) },
              },
            },
          },
        ],
      },
      // No timeout: after 15 s without the control plane, Envoy would start with an empty table.
      cds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: FOREVER },
      lds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: FOREVER },
    },
    static_resources: {
      clusters: [controlPlaneCluster(controlPlane), ...(stats?.clusters ?? [])],
      ...(stats && { listeners: stats.listeners }),
    },
    layered_runtime: {
      // The largest error page that is accepted from the error target, in bytes; Envoy's default is 32 MiB.
      layers: [
        { name: 'static', static_layer: { 'http.async_response_buffer_limit': ERROR_PAGE_LIMIT } },
        // Values that are set through the admin interface, such as that the health check fails.
        { name: 'admin', admin_layer: {} },
      ],
    },
    overload_manager: overloadManager(limits),
    cluster_manager: { enable_deferred_cluster_creation: true },
    deferred_stat_options: { enable_deferred_creation_stats: true },
    ...activityReports(),
  }
}
