import type { AccessLogField, AccessLogSettings } from '../../settings/access-log.js'
import { clusterMetadata, NAME_KEYS, TARGET_KEY } from '../clusters/route-metadata.js'
import {
  detailsExpression,
  IS_FAILURE_EXPRESSION,
  KIND_EXPRESSION,
  WORDS_EXPRESSION,
} from '../counters/failure-reasons.js'
import { keptFormat } from './kept.js'

/** The most bytes of what a client chose. */
const LIMIT = { path: 1_000, forwardedFor: 200, method: 20, requestId: 64 } as const

/** What stands for a query that isn't shown. */
const MASK = '***'

/** What is known of a request by the log that has it; see {@link accessLog}. An error has a status of 400 or more. */
export type Known =
  | { readonly kind: 'ordinary'; readonly hasQuery?: boolean }
  | { readonly kind: 'websocket' }
  | { readonly kind: 'error' }

/** Fields that only an expression can tell. */
type Expressed = 'websocket' | 'failure' | 'reason' | 'details'

const FORMATS: Readonly<Record<Exclude<AccessLogField, Expressed>, string>> = {
  time: '%START_TIME%',
  client: '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%',
  forwarded_for: `%REQ(x-forwarded-for):${LIMIT.forwardedFor}%`,
  method: `%REQ(:METHOD):${LIMIT.method}%`,
  path: `%PATH(NQ):${LIMIT.path}%`,
  query: `%QUERY_PARAMS(ORIG):${LIMIT.path}%`,
  protocol: '%PROTOCOL%',
  status: '%RESPONSE_CODE%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  duration_ms: '%DURATION%',
  upstream_ms: '%COMMON_DURATION(US_TX_BEG:US_RX_BEG:ms)%',
  route: clusterMetadata(NAME_KEYS.route),
  user: clusterMetadata(NAME_KEYS.user),
  server: clusterMetadata(NAME_KEYS.server),
  target: clusterMetadata(TARGET_KEY),
  request_id: `%REQ(x-request-id):${LIMIT.requestId}%`,
  flags: '%RESPONSE_FLAGS_LONG%',
}

/**
 * Envoy's format of a field; a value of another type if it is known already, undefined if there is none. Expressions are
 * for errors and websockets only: each costs more than all other fields together.
 */
export function fieldFormat(
  field: AccessLogField,
  settings: AccessLogSettings,
  known: Known,
): string | boolean | undefined {
  if (field === 'query' && (settings.query === 'none' || settings.query === 'masked')) return mask(settings, known)
  if (!isExpressed(field)) return keptFormat(field, settings) ?? FORMATS[field]
  if (known.kind === 'error') return expressed(settings, (nothing) => expression(field, nothing))
  return field === 'websocket' ? known.kind === 'websocket' : undefined
}

function mask(settings: AccessLogSettings, known: Known): string | undefined {
  if (settings.query === 'none') return undefined
  if (known.kind === 'ordinary') return known.hasQuery === true ? MASK : undefined
  return expressed(settings, (nothing) => `request.query != "" ? "${MASK}" : ${nothing}`)
}

/** @param expression given what stands for a field that has no value, in CEL */
function expressed({ format }: AccessLogSettings, expression: (nothing: string) => string): string {
  // A text has no types.
  return 'json' in format ? `%TYPED_CEL(${expression('null')})%` : `%CEL(${expression('"-"')})%`
}

function isExpressed(field: AccessLogField): field is Expressed {
  return field === 'websocket' || field === 'failure' || field === 'reason' || field === 'details'
}

/** @param nothing what stands for a field that has no value, as an expression */
function expression(field: Expressed, nothing: string): string {
  if (field === 'websocket') return "'upgrade' in request.headers"
  const failed = { failure: KIND_EXPRESSION, reason: WORDS_EXPRESSION, details: detailsExpression(nothing) }
  return `(${IS_FAILURE_EXPRESSION}) ? (${failed[field]}) : ${nothing}`
}
