import type { ResponseMapper } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/ResponseMapper.js'
import { HEALTH_ANSWER, HEALTH_PATH } from '../names.js'
import {
  allOf,
  GRPC,
  HEAP_FULL,
  oneOf,
  pathIs,
  ROUTE_FULL,
  UNFINISHED_FULL,
  UPGRADE,
} from '../shared/access-log-filters.js'
import { headerToSet } from '../shared/header-mutation.js'

/** Long enough for idle connections to be closed, short enough for a waiting user. */
const RETRY_AFTER_SECONDS = 10

const RETRY_AFTER = [headerToSet('Retry-After', String(RETRY_AFTER_SECONDS))]

/**
 * The replies to requests that were refused because of overload. The error target isn't asked: it may be overloaded
 * itself.
 *
 * @param page the page of a 503
 */
export function overloadReplies(page: ResponseMapper): ResponseMapper[] {
  const refused = oneOf([HEAP_FULL, ROUTE_FULL, UNFINISHED_FULL])
  return [
    // A proxy that refuses requests to protect itself is alive: a restart would break what it still serves.
    {
      filter: allOf(HEAP_FULL, pathIs(HEALTH_PATH)),
      status_code: { value: 200 },
      body: { inline_string: HEALTH_ANSWER },
      body_format_override: {
        text_format_source: { inline_string: '%LOCAL_REPLY_BODY%' },
        content_type: 'application/json',
      },
    },
    {
      filter: allOf(refused, oneOf([UPGRADE, GRPC])),
      body: { inline_string: '' },
      headers_to_add: RETRY_AFTER,
    },
    { ...page, filter: refused, headers_to_add: RETRY_AFTER },
  ]
}
