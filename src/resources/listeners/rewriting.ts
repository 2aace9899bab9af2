import type { FilterConfig } from '#proto/envoy/config/route/v3/FilterConfig.js'
import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import type { RouteAction } from '#proto/envoy/config/route/v3/RouteAction.js'
import type { RouteMatch } from '#proto/envoy/config/route/v3/RouteMatch.js'
import type { Lua } from '#proto/envoy/extensions/filters/http/lua/v3/Lua.js'
import type { LuaPerRoute } from '#proto/envoy/extensions/filters/http/lua/v3/LuaPerRoute.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import type { ForwardingSettings } from '../../settings/forwarding.js'
import { packAny } from '../../xds/messages.js'
import { clusterMetadata, ORIGIN_KEY, PATH_PREFIX_KEY, STRIP_KEY } from '../clusters/route-metadata.js'
import type { Scripts } from '../scripts.js'
import { headerToSet, requestHeaderFilter, setHeader } from '../shared/header-mutation.js'
import type { TableShape } from './table-shape.js'

const PATH_FILTER = 'path'

/** Headers that carry values of a cluster's metadata to the Lua filters, which can't read it and remove the headers. */
const ROUTE_HEADER = 'x-cep-route'
const TARGET_HEADER = 'x-cep-target'

/**
 * Paths that are changed before a backend gets them: with dot segments, backslashes or characters that must be escaped.
 */
export const ODD_PATH: RouteMatch = {
  safe_regex: { regex: '.*[\\\\"<>`{}].*|(?:.*/)(?:\\.|%2[eE]){1,2}(?:/.*)?' },
}

/** A byte that no path is changed for, but for a slash. */
const PLAIN = '[^/\\\\"<>`{}]'

/**
 * @param but what the segment doesn't begin with besides a dot, which may be escaped
 */
function plainSegment(but = ''): string {
  return `(?:[^./%\\\\"<>\`{}${but}]|%[^2/\\\\"<>\`{}]|%2[^eE/\\\\"<>\`{}])${PLAIN}*`
}

/**
 * Most of the paths that aren't {@link ODD_PATH}: those without a segment that begins with a dot. The first segment isn't
 * empty and doesn't begin with `_`, as the health check's path does.
 */
export const ORDINARY_PATH: RouteMatch = {
  safe_regex: { regex: `/${plainSegment('_')}(?:/(?:${plainSegment()})?)*` },
}

/** Enables, for a route, the filter that corrects such a path. */
export const CORRECT_PATH: { readonly typed_per_filter_config: NonNullable<Route['typed_per_filter_config']> } = {
  typed_per_filter_config: {
    [PATH_FILTER]: packAny('envoy.config.route.v3.FilterConfig', {
      config: packAny('envoy.extensions.filters.http.lua.v3.LuaPerRoute', { filter_context: {} } satisfies LuaPerRoute),
    } satisfies FilterConfig),
  },
}

/** The filters that rewrite requests and responses. A filter that most requests don't need is disabled for them. */
export function rewritingFilters(forwarding: ForwardingSettings, scripts: Scripts): HttpFilter[] {
  const { includePrefix, autoRewrite, protocolRewrite } = forwarding
  return [
    ...(includePrefix ? [] : [metadataHeader('route', ROUTE_HEADER, STRIP_KEY)]),
    {
      ...luaFilter(PATH_FILTER, { ROUTE_HEADER: includePrefix ? undefined : ROUTE_HEADER }, scripts.path),
      disabled: includePrefix,
    },
    ...(rewritesLocation(forwarding)
      ? [
          metadataHeader('target', TARGET_HEADER, ORIGIN_KEY),
          luaFilter(
            'location',
            { TARGET_HEADER, AUTO_REWRITE: autoRewrite, PROTOCOL: protocolRewrite },
            scripts.location,
          ),
        ]
      : []),
  ]
}

/**
 * The parts of a route action that rewrite a request at the end, when its cluster is known and the filters have run.
 */
export function rewritingAction(
  { changeOrigin, customHeaders, includePrefix, prependPath }: ForwardingSettings,
  { targetPaths }: Pick<TableShape, 'targetPaths'>,
): Partial<RouteAction> {
  const host = Object.entries(customHeaders).findLast(([name]) => isHost(name))
  return {
    // Without the prefix, a filter puts the path before the request's own.
    ...(targetPaths && includePrefix && prependPath
      ? { path_rewrite: `${clusterMetadata(PATH_PREFIX_KEY)}%PATH(NQ:PATH)%` }
      : {}),
    ...(host !== undefined
      ? { host_rewrite_literal: host[1] }
      : changeOrigin
        ? { host_rewrite: clusterMetadata(ORIGIN_KEY) }
        : {}),
  }
}

/** The headers of --custom-header, except for Host, which {@link rewritingAction} sets. */
export function customHeaders({ customHeaders }: ForwardingSettings): NonNullable<Route['request_headers_to_add']> {
  return Object.entries(customHeaders)
    .filter(([name]) => !isHost(name))
    .map(([key, value]) => ({
      // The value is a format, in which percent signs are doubled.
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

/** Sets a header to a value of the cluster's metadata, and drops what a client has sent under this name. */
function metadataHeader(name: string, header: string, key: string): HttpFilter {
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
    typed_config: packAny('envoy.extensions.filters.http.lua.v3.Lua', {
      default_source_code: { inline_string: [...lines, script].join('\n') },
      // A changed path leads to the same route.
      clear_route_cache: { value: false },
    } satisfies Lua),
  }
}
