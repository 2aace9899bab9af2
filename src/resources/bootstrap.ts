import type { Limits } from '../settings/limits.js'
import { activityReports } from './activity.js'
import { ERROR_PAGE_LIMIT } from './error-target.js'
import { CONTROL_PLANE } from './names.js'
import { overloadManager } from './overload.js'

export interface BootstrapInput {
  /** Unix sockets: the control plane's delta ADS, and the admin interface that Envoy is to open. */
  readonly adsSocket: string
  readonly adminSocket: string
}

const FOREVER = '0s'

/**
 * What Envoy is started with, as JSON: how to reach the control plane, and nothing that it can learn from there.
 *
 * Only clusters in use get statistics and a place in each worker, which halves the memory of a cluster.
 */
export function bootstrap({ adsSocket, adminSocket }: BootstrapInput, limits: Limits): object {
  return {
    admin: { address: { pipe: { path: adminSocket, mode: 0o600 } } },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [
          {
            envoy_grpc: {
              cluster_name: CONTROL_PLANE,
              // By default Envoy waits up to 30 s before it tries a restarted control plane again.
              retry_policy: { retry_back_off: { base_interval: '0.05s', max_interval: '0.25s' } },
            },
          },
        ],
      },
      // Envoy would go on with an empty table when the control plane takes longer than 15 s.
      cds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: FOREVER },
      lds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: FOREVER },
    },
    static_resources: {
      clusters: [
        {
          name: CONTROL_PLANE,
          type: 'STATIC',
          load_assignment: {
            cluster_name: CONTROL_PLANE,
            endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: adsSocket } } } }] }],
          },
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
        },
      ],
    },
    layered_runtime: {
      // The largest error page, in bytes, that is taken from the error target; by default 32 MiB.
      layers: [{ name: 'static', static_layer: { 'http.async_response_buffer_limit': ERROR_PAGE_LIMIT } }],
    },
    overload_manager: overloadManager(limits),
    cluster_manager: { enable_deferred_cluster_creation: true },
    deferred_stat_options: { enable_deferred_creation_stats: true },
    ...activityReports(),
  }
}
