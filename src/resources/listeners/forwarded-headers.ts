import type { HeaderMutation } from '#proto/envoy/config/common/mutation_rules/v3/HeaderMutation.js'
import type {
  Config,
  _envoy_extensions_filters_http_header_to_metadata_v3_Config_KeyValuePair as KeyValuePair,
} from '#proto/envoy/extensions/filters/http/header_to_metadata/v3/Config.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import { packAny } from '../../xds/messages.js'
import { METADATA_NAMESPACE } from '../names.js'
import { appendHeader, requestHeaderFilter, setHeader } from '../shared/header-mutation.js'
import { COPY_REFERER, RESTORE_REFERER } from './referer.js'

/*
 * The headers about a request's origin: Referer unchanged, and x-forwarded-for, -proto, -port and -host as in CHP.
 * Behind another proxy ours are appended after a comma, except for the host, which stays the first proxy's. All is done
 * by configuration, which costs about 6 microseconds of processor time a request, most of it for the port; a Lua filter
 * costs 9.
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

export function forwardedHeaders({ xForward, encrypted, networked }: ForwardedHeadersInput): ForwardedHeaders {
  if (!xForward) {
    const untouched = clientsOwnProto()
    return { early: [COPY_REFERER, appendHeader(PROTO, MARK)], http: untouched, websocket: untouched }
  }
  const port = appendLine(PORT, metadata('port'))
  const host = setHeader(HOST, '%REQ(:authority)%', 'ADD_IF_ABSENT')
  const findPort = portOfHost(encrypted ? '443' : '80')
  return {
    early: [
      COPY_REFERER,
      // With a unix socket, the address would be the socket's path.
      ...(networked ? [appendHeader(FOR, '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%')] : []),
      appendHeader(PROTO, encrypted ? 'https' : 'http'),
    ],
    http: [findPort, requestHeaderFilter('forwarded', [...port, host, ...RESTORE_REFERER])],
    websocket: [
      findPort,
      findWebsocketProto(),
      requestHeaderFilter('forwarded', [...port, replaceProto(), ...RESTORE_REFERER]),
    ],
  }
}

/** The port in Host, or the scheme's default: the port that the client used, not the one this listens on. */
function portOfHost(ownPort: string): HttpFilter {
  return toMetadata('port', ':authority', [
    { value: ownPort },
    // Without a port the result is empty, and an empty value doesn't replace the previous one.
    { regex_value_rewrite: { pattern: { regex: '^(?:\\[[^\\]]*\\]|[^:]*)(?::([0-9]*))?.*$' }, substitution: '\\1' } },
  ])
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

/** Appends after a comma: a header that Envoy doesn't know would be appended as a second header. */
function appendLine(name: string, format: string): HeaderMutation[] {
  return [setHeader(name, `%REQ(${name})%,${format}`, 'OVERWRITE_IF_EXISTS'), setHeader(name, format, 'ADD_IF_ABSENT')]
}

function toMetadata(key: string, header: string, values: KeyValuePair[]): HttpFilter {
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
