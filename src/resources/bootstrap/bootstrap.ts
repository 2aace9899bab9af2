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
  /** The unix socket of the admin interface that Envoy is to open. */
  readonly adminSocket: string
  /** What each call of it must show; see {@link keyParameter}. */
  readonly adminKey: string
  readonly limits: Pick<Limits, 'maxHeapBytes' | 'maxConnections'>
  /** Who this Envoy is, where its command line doesn't say it. */
  readonly nodeId?: string
  /** Where its statistics are to be had; see {@link statsListener}. */
  readonly statsAt?: { readonly host: string; readonly port: number } | undefined
}

const FOREVER = '0s'

/** How long Envoy waits at most before it tries again to reach a control plane that was restarted; by default 30 s. */
const RETRY = '0.25s'

/** The same for an Envoy that others start: it may be alone for hours, and writes a line about each try. */
const OTHERS_RETRY = '1s'

/** What all Envoys of this program are called together, as also on the command line of one that it starts. */
export const NODE_CLUSTER = 'configurable-envoy-proxy'

/**
 * What Envoy is started with, as JSON: how to reach the control plane, and nothing that it can learn from there.
 *
 * Only clusters in use get statistics and a place in each worker, which halves the memory of a cluster.
 */
export function bootstrap({ controlPlane, adminSocket, adminKey, limits, nodeId, statsAt }: BootstrapInput): object {
  const stats = statsAt && statsListener(statsAt, { socketPath: adminSocket, key: adminKey })
  return {
    node: {
      ...(nodeId === undefined ? {} : { id: nodeId, cluster: NODE_CLUSTER }),
      metadata: { [GENERATION_KEY]: GENERATION },
    },
    admin: {
      // Envoy compares the path with its query.
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
                retry_back_off: { base_interval: '0.05s', max_interval: nodeId === undefined ? RETRY : OTHERS_RETRY },
              },
            },
          },
        ],
      },
      // Envoy would go on with an empty table when the control plane takes longer than 15 s.
      cds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: FOREVER },
      lds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: FOREVER },
    },
    static_resources: {
      clusters: [controlPlaneCluster(controlPlane), ...(stats?.clusters ?? [])],
      ...(stats && { listeners: stats.listeners }),
    },
    layered_runtime: {
      // The largest error page, in bytes, that is taken from the error target; by default 32 MiB.
      layers: [
        { name: 'static', static_layer: { 'http.async_response_buffer_limit': ERROR_PAGE_LIMIT } },
        // What is set over the admin interface, such as that the health check is to fail.
        { name: 'admin', admin_layer: {} },
      ],
    },
    overload_manager: overloadManager(limits),
    cluster_manager: { enable_deferred_cluster_creation: true },
    deferred_stat_options: { enable_deferred_creation_stats: true },
    ...activityReports(),
  }
}
