import type { HeaderMutation } from '#proto/envoy/config/common/mutation_rules/v3/HeaderMutation.js'
import type { HeaderValueOption } from '#proto/envoy/config/core/v3/HeaderValueOption.js'
import type { FilterConfig } from '#proto/envoy/config/route/v3/FilterConfig.js'
import type { HeaderMatcher } from '#proto/envoy/config/route/v3/HeaderMatcher.js'
import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import type {
  Config,
  _envoy_extensions_filters_http_header_to_metadata_v3_Config_KeyValuePair as KeyValuePair,
} from '#proto/envoy/extensions/filters/http/header_to_metadata/v3/Config.js'
import type { HttpConnectionManager } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import type { CustomHeaderConfig } from '#proto/envoy/extensions/http/original_ip_detection/custom_header/v3/CustomHeaderConfig.js'
import { packAny } from '../../xds/messages.js'
import { METADATA_NAMESPACE } from '../names.js'
import { appendHeader, headerToSet, requestHeaderFilter, setHeader } from '../shared/header-mutation.js'
import { COPY_REFERER, RESTORE_REFERER, RESTORED_REFERER } from './referer.js'

/*
 * The headers about a request's origin: Referer unchanged, and x-forwarded-for, -proto, -port and -host as in CHP.
 * Behind another proxy ours are appended after a comma, except for the host, which stays the first proxy's. All is done
 * by configuration. Most of its cost is that of the port, for which a filter has to search in Host; so routes know the two
 * that are usual, and only requests with others pass the filter.
 */

const FOR = 'x-forwarded-for'
const PROTO = 'x-forwarded-proto'
const PORT = 'x-forwarded-port'
const HOST = 'x-forwarded-host'

export interface ForwardedHeadersInput {
  /** See {@link ForwardingSettings.xForward}. */
  readonly xForward: boolean
  /** Whether clients speak TLS to this listener. */
  readonly encrypted: boolean
  /** Whether clients connect over the network; those of a unix socket have no address. */
  readonly networked: boolean
}

export interface ForwardedHeaders {
  /** Applied before Envoy reads the headers. Envoy adds x-forwarded-proto if it is missing. */
  readonly early: HeaderMutation[]
  /** Filters of ordinary requests. */
  readonly http: HttpFilter[]
  /** Filters of websockets' handshakes. */
  readonly websocket: HttpFilter[]
}

/**
 * Makes Envoy take the address of the connection for the client's. By default it parses x-forwarded-for, whose last address
 * is that one, for 1,000 instructions a request. Clients can't send this header: it is removed early.
 */
export const CLIENT_ADDRESS: Pick<HttpConnectionManager, 'original_ip_detection_extensions'> = {
  original_ip_detection_extensions: [
    {
      name: 'client_address',
      typed_config: packAny('envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig', {
        header_name: 'x-envoy-client-address',
      } satisfies CustomHeaderConfig),
    },
  ],
}

/** Routes for requests that name a port in the same way. */
export interface PortRoute {
  /** What such requests have in common. */
  readonly headers: readonly HeaderMatcher[]
  /** What is added to them. */
  readonly request_headers_to_add: readonly HeaderValueOption[]
  readonly typed_per_filter_config: NonNullable<Route['typed_per_filter_config']>
}

/** Routes of the ports that are known, and one of any port, which a filter finds. */
export function portRoutes({ xForward, encrypted, port }: PortRoutesInput): {
  readonly known: readonly PortRoute[]
  readonly any: PortRoute
} {
  if (!xForward) return { known: [], any: { headers: [], request_headers_to_add: [], typed_per_filter_config: {} } }
  const known = (value: string, matcher: Omit<HeaderMatcher, 'name'>): PortRoute => ({
    headers: [{ name: ':authority', ...matcher }],
    request_headers_to_add: originHeaders(value),
    typed_per_filter_config: {},
  })
  return {
    known: [
      known(defaultPort(encrypted), { string_match: { contains: ':' }, invert_match: true }),
      ...(port === undefined ? [] : [known(String(port), { string_match: { suffix: `:${port}` } })]),
    ],
    any: {
      headers: [],
      request_headers_to_add: originHeaders(metadata('port')),
      typed_per_filter_config: findingPort(encrypted),
    },
  }
}

export interface PortRoutesInput extends Pick<ForwardedHeadersInput, 'xForward' | 'encrypted'> {
  /** The port that this listens on, which is often the one in Host. */
  readonly port?: number | undefined
}

/** Enables the filter that finds the port in Host. Envoy wants its settings again. */
function findingPort(encrypted: boolean): PortRoute['typed_per_filter_config'] {
  const { name, typed_config } = portOfHost(encrypted)
  return {
    [name]: packAny('envoy.config.route.v3.FilterConfig', { config: typed_config } satisfies FilterConfig),
  }
}

function originHeaders(port: string): HeaderValueOption[] {
  const append: HeaderValueOption = { header: { key: PORT, value: port } }
  return [append, headerToSet(HOST, '%REQ(:authority)%', 'ADD_IF_ABSENT'), RESTORED_REFERER]
}

export function forwardedHeaders({ xForward, encrypted, networked }: ForwardedHeadersInput): ForwardedHeaders {
  if (!xForward) {
    const untouched = clientsOwnProto()
    return { early: [COPY_REFERER, appendHeader(PROTO, MARK)], http: untouched, websocket: untouched }
  }
  const findPort = portOfHost(encrypted)
  return {
    early: [
      COPY_REFERER,
      // With a unix socket, the address would be the socket's path.
      ...(networked ? [appendHeader(FOR, '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%')] : []),
      appendHeader(PROTO, encrypted ? 'https' : 'http'),
    ],
    http: [{ ...findPort, disabled: true }],
    websocket: [
      findPort,
      findWebsocketProto(),
      requestHeaderFilter('forwarded', [appendHeader(PORT, metadata('port')), replaceProto(), ...RESTORE_REFERER]),
    ],
  }
}

/** The port in Host, or the scheme's default: the port that the client used, not the one this listens on. */
function portOfHost(encrypted: boolean): ToMetadata {
  return toMetadata('port', ':authority', [
    { value: defaultPort(encrypted) },
    // Without a port the result is empty, and an empty value doesn't replace the previous one.
    { regex_value_rewrite: { pattern: { regex: '^(?:\\[[^\\]]*\\]|[^:]*)(?::([0-9]*))?.*$' }, substitution: '\\1' } },
  ])
}

function defaultPort(encrypted: boolean): string {
  return encrypted ? '443' : '80'
}

/** Turns the scheme that was appended before, http or https, into ws or wss. */
function findWebsocketProto(): HttpFilter {
  return toMetadata('proto', PROTO, [
    { regex_value_rewrite: { pattern: { regex: '(.*,)?http(s?)' }, substitution: '\\1ws\\2' } },
  ])
}

function replaceProto(): HeaderMutation {
  return setHeader(PROTO, metadata('proto'))
}

/** Appended so that the header exists and Envoy doesn't add it. */
const MARK = '-'

/** Removes {@link MARK} again: the backend gets what the client sent, or no header. */
function clientsOwnProto(): HttpFilter[] {
  return [
    toMetadata('proto', PROTO, [{ regex_value_rewrite: { pattern: { regex: '(?:(.*),)?-' }, substitution: '\\1' } }]),
    requestHeaderFilter('forwarded', [{ remove: PROTO }, replaceProto(), ...RESTORE_REFERER]),
  ]
}

interface ToMetadata extends HttpFilter {
  readonly name: string
  readonly typed_config: ReturnType<typeof packAny>
}

function toMetadata(key: string, header: string, values: KeyValuePair[]): ToMetadata {
  return {
    name: `${key}_to_metadata`,
    typed_config: packAny('envoy.extensions.filters.http.header_to_metadata.v3.Config', {
      request_rules: values.map((value) => ({
        header,
        on_header_present: { metadata_namespace: METADATA_NAMESPACE, key, ...value },
      })),
    } satisfies Config),
  }
}

function metadata(key: string): string {
  return `%DYNAMIC_METADATA(${METADATA_NAMESPACE}:${key})%`
}
