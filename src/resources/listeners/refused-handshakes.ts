import type { Lua } from '#proto/envoy/extensions/filters/http/lua/v3/Lua.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import { any } from '../../xds/messages.js'

/** @param script the text of envoy/refusal.lua */
export function refusalFilter(script: string): HttpFilter {
  return {
    name: 'refusal',
    typed_config: any('envoy.extensions.filters.http.lua.v3.Lua', {
      default_source_code: { inline_string: script },
    } satisfies Lua),
  }
}
