import { STATUS_CODES } from 'node:http'
import type { AccessLogFilter } from '#proto/envoy/config/accesslog/v3/AccessLogFilter.js'
import type { Lua } from '#proto/envoy/extensions/filters/http/lua/v3/Lua.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import type { ResponseMapper } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/ResponseMapper.js'
import { packAny } from '../../xds/messages.js'

/** The metadata in which envoy/refusal.lua stores the backend's answer. */
const NAMESPACE = 'configurable_envoy_proxy.refusal'
const STATUS = 'status'

/** Headers that tell a client how to proceed. */
const HEADERS = ['location', 'retry-after', 'sec-websocket-version', 'www-authenticate']

/** Over HTTP/2 a 2xx would open the websocket. */
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
    typed_config: packAny('envoy.extensions.filters.http.lua.v3.Lua', {
      default_source_code: { inline_string: [...constants, script].join('\n') },
    } satisfies Lua),
  }
}

/** Restores the status and headers of refusals in the replies that replace them. An invalid status becomes 503. */
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
