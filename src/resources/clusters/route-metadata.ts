import type { Metadata } from '#proto/envoy/config/core/v3/Metadata.js'
import { hostOf } from '../../routing/routespec.js'
import type { Target } from '../../routing/target.js'
import type { ForwardingSettings } from '../../settings/forwarding.js'
import { METADATA_NAMESPACE, ROUTE_KEY } from '../names.js'
import type { RouteRecord } from './route-record.js'
import { routeRecord } from './route-record.js'

/** The metadata key of the path that is put before the request's own. */
export const PATH_PREFIX_KEY = 'path_prefix'

/** The metadata key of the length of the route's prefix, in bytes, and of what replaces it, separated by a blank. */
export const STRIP_KEY = 'strip'

/** The metadata key of the target's host and port as in a URL: without the scheme's default port. */
export const ORIGIN_KEY = 'origin'

/** The metadata key of the route's target, for log lines about failed requests. */
export const TARGET_KEY = 'target'

/** The metadata keys of what an access log or a trace calls the route: its routespec, and what the hub posted. */
export const NAME_KEYS = { route: 'routespec', user: 'user', server: 'server' } as const

export interface RouteMetadataInput {
  /** See {@link routeKey}. */
  readonly key: string
  readonly target: Target
  /** Stored in Envoy, so that the table can be recovered from it. */
  readonly route?: RouteRecord
  /** Read for the names in an access log or in traces: without these, the names would only take memory. */
  readonly named?: RouteRecord
}

export interface RouteMetadataSettings {
  readonly hostRouting: boolean
  readonly forwarding: ForwardingSettings
}

/** An Envoy format for a value in the metadata of a request's cluster. */
export function clusterMetadata(key: string): string {
  return `%CLUSTER_METADATA(${METADATA_NAMESPACE}:${key})%`
}

/** What the single Envoy route needs to know of each cluster. */
export function routeMetadata(
  { key, target, route, named }: RouteMetadataInput,
  settings: RouteMetadataSettings,
): Metadata {
  const { prependPath, includePrefix, changeOrigin, autoRewrite, protocolRewrite } = settings.forwarding
  const before = prependPath ? target.path : ''
  const facts = {
    [TARGET_KEY]: targetText(target),
    ...(includePrefix
      ? { [PATH_PREFIX_KEY]: before }
      : { [STRIP_KEY]: `${prefixBytes(key, settings.hostRouting)} ${before}` }),
    ...(changeOrigin || autoRewrite || protocolRewrite !== undefined ? { [ORIGIN_KEY]: originOf(target) } : {}),
    ...(route === undefined ? {} : { [ROUTE_KEY]: routeRecord(route) }),
    ...(named === undefined ? {} : namesOf(named)),
  }
  const fields = Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, { stringValue: fact }]))
  return { filter_metadata: { [METADATA_NAMESPACE]: { fields } } }
}

/** JupyterHub posts `user` and `server_name`; the default server has an empty name. */
function namesOf({ routespec, data }: RouteRecord): Readonly<Record<string, string>> {
  const names = { [NAME_KEYS.route]: routespec, [NAME_KEYS.user]: data.user, [NAME_KEYS.server]: data.server_name }
  return Object.fromEntries(
    Object.entries(names).flatMap(([key, name]) =>
      typeof name === 'string' && name !== '' ? [[key, plain(name)]] : [],
    ),
  )
}

/** The most characters of a name: a POST may have a megabyte. */
const NAME_LIMIT = 200

/** Without what could end a field in a log of any format. */
function plain(name: string): string {
  return name.slice(0, NAME_LIMIT).replace(/[\p{C}\p{Zl}\p{Zp}"\\]/gu, '_')
}

/** The length of the route's prefix in a decoded path. Under --host-routing the host is not part of it. */
function prefixBytes(key: string, hostRouting: boolean): number {
  const host = hostRouting ? hostOf(key) : undefined
  return key === '/' ? 0 : Buffer.byteLength(host === undefined ? key : key.slice(host.length + 1))
}

function originOf({ address, tls }: Target): string {
  if ('socketPath' in address) return 'localhost'
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return address.port === (tls ? 443 : 80) ? host : `${host}:${address.port}`
}

/** The target as a URL, without the parts that Envoy doesn't use, such as credentials. */
export function targetText(target: Target): string {
  const { address, tls, path } = target
  if ('socketPath' in address) return `unix:${address.socketPath}${path}`
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${tls ? 'https' : 'http'}://${host}:${address.port}${path}`
}
