import type { FilterConfig } from '#proto/envoy/config/route/v3/FilterConfig.js'
import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import type { RouteAction } from '#proto/envoy/config/route/v3/RouteAction.js'
import type { RouteMatch } from '#proto/envoy/config/route/v3/RouteMatch.js'
import type { Lua } from '#proto/envoy/extensions/filters/http/lua/v3/Lua.js'
import type { LuaPerRoute } from '#proto/envoy/extensions/filters/http/lua/v3/LuaPerRoute.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import type { ForwardingSettings } from '../../settings/forwarding.js'
import { any } from '../../xds/messages.js'
import { clusterMetadata, ORIGIN_KEY, PATH_PREFIX_KEY, STRIP_KEY } from '../clusters/route-metadata.js'
import type { Scripts } from '../scripts.js'
import { headerToSet, requestHeaderFilter, setHeader } from '../shared/header-mutation.js'

const PATH_FILTER = 'path'

/** Carry what a cluster's metadata says to the Lua filters, which can't see it; they take them away again. */
const ROUTE_HEADER = 'x-cep-route'
const TARGET_HEADER = 'x-cep-target'

/** Paths that a backend doesn't get as the client spelled them: with dot segments, backslashes or what must be escaped. */
export const ODD_PATH: RouteMatch = {
  safe_regex: { regex: '.*[\\\\"<>`{}].*|(?:.*/)(?:\\.|%2[eE]){1,2}(?:/.*)?' },
}

/** Has a route's requests go through the filter that puts an odd path right. */
export const PUT_PATH_RIGHT: Pick<Route, 'typed_per_filter_config'> = {
  typed_per_filter_config: {
    [PATH_FILTER]: any('envoy.config.route.v3.FilterConfig', {
      config: any('envoy.extensions.filters.http.lua.v3.LuaPerRoute', { filter_context: {} } satisfies LuaPerRoute),
    } satisfies FilterConfig),
  },
}

/** The filters that rewrite requests and responses. Those that have nothing to do for most cost nothing. */
export function rewritingFilters(forwarding: ForwardingSettings, scripts: Scripts): HttpFilter[] {
  const { includePrefix, autoRewrite, protocolRewrite } = forwarding
  return [
    ...(includePrefix ? [] : [factHeader('route', ROUTE_HEADER, STRIP_KEY)]),
    {
      ...luaFilter(PATH_FILTER, { ROUTE_HEADER: includePrefix ? undefined : ROUTE_HEADER }, scripts.path),
      disabled: includePrefix,
    },
    ...(rewritesLocation(forwarding)
      ? [
          factHeader('target', TARGET_HEADER, ORIGIN_KEY),
          luaFilter(
            'location',
            { TARGET_HEADER, AUTO_REWRITE: autoRewrite, PROTOCOL: protocolRewrite },
            scripts.location,
          ),
        ]
      : []),
  ]
}

/** What rewrites a request at the last moment, when its cluster is known and all filters have seen it. */
export function rewritingAction({ changeOrigin, customHeaders }: ForwardingSettings): Partial<RouteAction> {
  const host = Object.entries(customHeaders).findLast(([name]) => isHost(name))
  return {
    path_rewrite: `${clusterMetadata(PATH_PREFIX_KEY)}%PATH(NQ:PATH)%`,
    ...(host !== undefined
      ? { host_rewrite_literal: host[1] }
      : changeOrigin
        ? { host_rewrite: clusterMetadata(ORIGIN_KEY) }
        : {}),
  }
}

/** The headers of --custom-header, but for Host, which {@link rewritingAction} sets. */
export function customHeaders({ customHeaders }: ForwardingSettings): NonNullable<Route['request_headers_to_add']> {
  return Object.entries(customHeaders)
    .filter(([name]) => !isHost(name))
    .map(([key, value]) => ({
      // A format: a percent sign stands for itself if it is doubled.
      ...headerToSet(key, value.replaceAll('%', '%%')),
      keep_empty_value: true,
    }))
}

function isHost(name: string): boolean {
  return name.toLowerCase() === 'host'
}

function rewritesLocation({ autoRewrite, protocolRewrite }: ForwardingSettings): boolean {
  return autoRewrite || protocolRewrite !== undefined
}

/** What a client sends under this name is dropped. */
function factHeader(name: string, header: string, key: string): HttpFilter {
  return requestHeaderFilter(`${name}_fact`, [{ remove: header }, setHeader(header, clusterMetadata(key))])
}

function luaFilter(
  name: string,
  constants: Readonly<Record<string, string | boolean | undefined>>,
  script: string,
): HttpFilter {
  const lines = Object.entries(constants).map(
    ([key, value]) => `local ${key} = ${value === undefined ? 'nil' : JSON.stringify(value)}`,
  )
  return {
    name,
    typed_config: any('envoy.extensions.filters.http.lua.v3.Lua', {
      default_source_code: { inline_string: [...lines, script].join('\n') },
      // A changed path leads to the same route.
      clear_route_cache: { value: false },
    } satisfies Lua),
  }
}
