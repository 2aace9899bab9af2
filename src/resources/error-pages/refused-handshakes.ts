import { STATUS_CODES } from 'node:http'
import type { AccessLogFilter } from '#proto/envoy/config/accesslog/v3/AccessLogFilter.js'
import type { Lua } from '#proto/envoy/extensions/filters/http/lua/v3/Lua.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import type { ResponseMapper } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/ResponseMapper.js'
import { any } from '../../xds/messages.js'

/** Where a request's metadata keeps what its backend answered, as envoy/refusal.lua found it. */
const NAMESPACE = 'configurable_envoy_proxy.refusal'
const STATUS = 'status'

/** What tells a client how it may do better. */
const HEADERS = ['location', 'retry-after', 'sec-websocket-version', 'www-authenticate']

/** Over HTTP/2 the 200 in the place of a refusal would be the websocket's opening. */
const FIRST_REFUSAL = 300

/** @param script the text of envoy/refusal.lua */
export function refusalFilter(script: string): HttpFilter {
  const constants = [
    `local NAMESPACE = "${NAMESPACE}"`,
    `local STATUS = "${STATUS}"`,
    `local HEADERS = { ${HEADERS.map((name) => `"${name}"`).join(', ')} }`,
  ]
  return {
    name: 'refusal',
    typed_config: any('envoy.extensions.filters.http.lua.v3.Lua', {
      default_source_code: { inline_string: [...constants, script].join('\n') },
    } satisfies Lua),
  }
}

/** Give the replies that take refusals' places their status and headers. A status that is none of HTTP's becomes 503. */
export function refusals(): ResponseMapper[] {
  const headers = HEADERS.map((key) => ({ header: { key, value: `%DYNAMIC_METADATA(${NAMESPACE}:${key})%` } }))
  return Object.keys(STATUS_CODES)
    .filter((status) => Number(status) >= FIRST_REFUSAL)
    .map((status) => ({
      filter: refusedWith(status),
      status_code: { value: Number(status) },
      body: { inline_string: '' },
      headers_to_add: headers,
    }))
}

function refusedWith(status: string): AccessLogFilter {
  const value = { string_match: { exact: status } }
  return {
    metadata_filter: {
      matcher: { filter: NAMESPACE, path: [{ key: STATUS }], value },
      match_if_key_not_found: { value: false },
    },
  }
}
