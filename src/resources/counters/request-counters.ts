import type { AccessLog } from '#proto/envoy/config/accesslog/v3/AccessLog.js'
import type { AccessLogFilter } from '#proto/envoy/config/accesslog/v3/AccessLogFilter.js'
import type { Config } from '#proto/envoy/extensions/access_loggers/stats/v3/Config.js'
import { packAny } from '../../xds/messages.js'
import { REQUESTS } from '../names.js'
import { allOf, statusAtLeast, statusAtMost } from '../shared/access-log-filters.js'

/** The highest valid HTTP status (RFC 9110, 15). Envoy accepts any number up to 65,535 from a backend. */
const LAST_STATUS = 599

const ENDED: AccessLogFilter = { log_type_filter: { types: ['DownstreamEnd'] } }

/**
 * Counts requests when they end: a counter for each HTTP status, route of the route configuration and number of
 * attempts, and one for all other statuses that a backend may send, since counters are never freed. No counter's name
 * depends on a client. Also how long the choice of the route took.
 */
export function requestCounters(): AccessLog[] {
  return [
    counter('requests', statusAtMost(LAST_STATUS), '%RESPONSE_CODE%'),
    counter('other_requests', statusAtLeast(LAST_STATUS + 1), REQUESTS.otherStatus),
  ]
}

function counter(name: string, filter: AccessLogFilter, status: string): AccessLog {
  return {
    name,
    filter: allOf(ENDED, filter),
    typed_config: packAny('envoy.extensions.access_loggers.stats.v3.Config', {
      stats_scope: { prefix: REQUESTS.scope },
      histograms: [
        { stat: { name: REQUESTS.lookup }, unit: 'Microseconds', value_format: '%ROUTE_RESOLUTION_TIME_US%' },
      ],
      counters: [
        {
          stat: {
            name: REQUESTS.answered,
            tags: [
              { name: REQUESTS.route, value_format: '%ROUTE_NAME%' },
              { name: REQUESTS.status, value_format: status },
              { name: REQUESTS.attempts, value_format: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%' },
            ],
          },
          value_fixed: { value: 1 },
        },
      ],
    } satisfies Config),
  }
}

/** The log of attempts to send a request: how long the target took to begin its answer, if it gave one. */
export function attemptTimes(): AccessLog[] {
  return [
    {
      name: 'attempts',
      filter: statusAtLeast(100),
      typed_config: packAny('envoy.extensions.access_loggers.stats.v3.Config', {
        stats_scope: { prefix: REQUESTS.scope },
        histograms: [
          {
            stat: { name: REQUESTS.upstream },
            unit: 'Milliseconds',
            value_format: '%COMMON_DURATION(US_TX_BEG:US_RX_BEG:ms)%',
          },
        ],
      } satisfies Config),
    },
  ]
}
