import type { AccessLog } from '#proto/envoy/config/accesslog/v3/AccessLog.js'
import type { Config } from '#proto/envoy/extensions/access_loggers/stats/v3/Config.js'
import { any } from '../proto.js'
import { REQUESTS } from './names.js'

/**
 * Counts requests when they have ended, one counter for each status and route of the route configuration. A backend's
 * status has three digits, so there can't be many; nothing that a client sends is in a counter's name.
 */
export function requestCounters(): AccessLog {
  return {
    name: 'requests',
    filter: { log_type_filter: { types: ['DownstreamEnd'] } },
    typed_config: any('envoy.extensions.access_loggers.stats.v3.Config', {
      stats_scope: { prefix: REQUESTS.scope },
      counters: [
        {
          stat: {
            name: REQUESTS.answered,
            tags: [
              { name: REQUESTS.route, value_format: '%ROUTE_NAME%' },
              { name: REQUESTS.status, value_format: '%RESPONSE_CODE%' },
            ],
          },
          value_fixed: { value: 1 },
        },
      ],
    } satisfies Config),
  }
}
