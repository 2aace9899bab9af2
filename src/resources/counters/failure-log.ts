import type { AccessLog } from '#proto/envoy/config/accesslog/v3/AccessLog.js'
import type { AccessLogFilter } from '#proto/envoy/config/accesslog/v3/AccessLogFilter.js'
import type { ProcessRateLimitFilter } from '#proto/envoy/extensions/access_loggers/filters/process_ratelimit/v3/ProcessRateLimitFilter.js'
import type { Config } from '#proto/envoy/extensions/access_loggers/stats/v3/Config.js'
import type { StderrAccessLog } from '#proto/envoy/extensions/access_loggers/stream/v3/StderrAccessLog.js'
import type { TokenBucket } from '#proto/envoy/type/v3/TokenBucket.js'
import { packAny } from '../../xds/messages.js'
import { clusterMetadata, TARGET_KEY } from '../clusters/route-metadata.js'
import { FAILURE_LINES, FAILURES, REQUEST_ID_HEADER } from '../names.js'
import { allOf, cel, IS_ERROR, oneOf } from '../shared/access-log-filters.js'
import {
  CODE_EXPRESSION,
  DETAILS_EXPRESSION,
  IS_FAILURE_EXPRESSION,
  KIND_EXPRESSION,
  WORDS_EXPRESSION,
} from './failure-reasons.js'

/** How many failures are logged: this many at once, then this many a second. */
const BURST = 100
const PER_SECOND = 10

/** A path can be as long as all headers together. */
const MAX_PATH_BYTES = 200
const MAX_METHOD_BYTES = 20

/** All response flags of Envoy except `DC`, a client that has disconnected. */
const FLAGS = [
  ...['LH', 'UH', 'UT', 'LR', 'UR', 'UF', 'UC', 'UO', 'NR', 'DI', 'FI', 'RL', 'UAEX', 'RLSE', 'URX', 'SI', 'IH', 'DPE'],
  ...['UMSDR', 'RFCF', 'NFCF', 'DT', 'UPE', 'NC', 'OM', 'DF', 'DO', 'DR', 'UDO'],
]

/** Requests that Envoy itself failed. The cheap conditions come first, since every request is checked. */
const FAILED: AccessLogFilter = allOf(
  oneOf([IS_ERROR, { response_flag_filter: { flags: FLAGS } }]),
  cel('failed', IS_FAILURE_EXPRESSION),
)

const WITHIN_BOUNDS: AccessLogFilter = {
  extension_filter: {
    name: 'within_bounds',
    typed_config: packAny('envoy.extensions.access_loggers.filters.process_ratelimit.v3.ProcessRateLimitFilter', {
      dynamic_config: {
        resource_name: FAILURE_LINES,
        config_source: { ads: {}, resource_api_version: 'V3' },
      },
    } satisfies ProcessRateLimitFilter),
  },
}

/** The bucket that {@link failureLog} takes a token from for each line. */
export function failureLines(): TokenBucket {
  return { max_tokens: BURST, tokens_per_fill: { value: PER_SECOND }, fill_interval: { seconds: 1 } }
}

/**
 * Counts the requests that Envoy itself failed, by kind and by route and reason, and writes a line about each to its
 * standard error, within the limits above: an access log may have its standard output. Of what a client sent the line has
 * only the method and the path, and the request's id if each has one, which is checked.
 */
export function failureLog(hasRequestIds = false): AccessLog[] {
  return [
    {
      name: 'failures',
      filter: FAILED,
      typed_config: packAny('envoy.extensions.access_loggers.stats.v3.Config', {
        // Of routes that no longer fail, Envoy keeps no counter.
        stats_scope: { prefix: FAILURES.scope, enable_eviction: true },
        counters: [
          {
            stat: { name: FAILURES.failed, tags: [{ name: FAILURES.kind, value_format: `%CEL(${KIND_EXPRESSION})%` }] },
            value_fixed: { value: 1 },
          },
          {
            stat: {
              name: FAILURES.byRoute,
              tags: [
                { name: FAILURES.route, value_format: '%UPSTREAM_CLUSTER_RAW%' },
                { name: FAILURES.reason, value_format: `%CEL(${CODE_EXPRESSION})%` },
              ],
            },
            value_fixed: { value: 1 },
          },
        ],
      } satisfies Config),
    },
    {
      name: 'failure_lines',
      filter: allOf(FAILED, WITHIN_BOUNDS),
      typed_config: packAny('envoy.extensions.access_loggers.stream.v3.StderrAccessLog', {
        log_format: { json_format: { fields: hasRequestIds ? { ...LINE, ...REQUEST_ID } : LINE } },
      } satisfies StderrAccessLog),
    },
  ]
}

/** As JSON, in which a hostile path is an ordinary string. */
const LINE = Object.fromEntries(
  Object.entries({
    time: '%START_TIME%',
    status: '%RESPONSE_CODE%',
    method: `%REQ(:METHOD):${MAX_METHOD_BYTES}%`,
    path: `%PATH(NQ):${MAX_PATH_BYTES}%`,
    route: '%UPSTREAM_CLUSTER_RAW%',
    target: clusterMetadata(TARGET_KEY),
    reason: `%CEL(${WORDS_EXPRESSION})%`,
    details: `%CEL(${DETAILS_EXPRESSION})%`,
  }).map(([name, format]) => [name, { stringValue: format }]),
)

const REQUEST_ID = { request_id: { stringValue: `%REQ(${REQUEST_ID_HEADER})%` } }
