import type { AccessLogFilter } from '#proto/envoy/config/accesslog/v3/AccessLogFilter.js'
import type { DataSource } from '#proto/envoy/config/core/v3/DataSource.js'
import type { Listener } from '#proto/envoy/config/listener/v3/Listener.js'
import type { HttpConnectionManager } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.js'
import type { Limits } from '../../settings/limits.js'
import { failureLog } from '../counters/failure-log.js'
import { REDIRECT } from '../names.js'
import { connectionManagerLimits } from '../shared/limits.js'
import { router } from './connection-manager.js'
import { httpListener } from './listener.js'

export interface RedirectListenerInput {
  /** An IP address; `::` takes IPv4 too. */
  readonly host: string
  readonly port: number
  /** The port that browsers are redirected to. */
  readonly toPort: number
  readonly limits: Limits
  /** The generation of the Envoys that it is for; see {@link GENERATION}. */
  readonly generation: number
}

/** The default port of HTTPS, which URLs leave out. */
const HTTPS_PORT = 443

/** Requests that Envoy answers before it looks for a route. */
const WITHOUT_HOST: AccessLogFilter = {
  header_filter: { header: { name: ':authority', present_match: true, invert_match: true } },
}

/** The listener that redirects HTTP requests to the same URL with HTTPS. */
export function redirectListener({
  host,
  port,
  toPort,
  limits,
  generation,
}: RedirectListenerInput): Listener & { name: string } {
  const manager: HttpConnectionManager = {
    stat_prefix: REDIRECT,
    route_config: {
      name: REDIRECT,
      virtual_hosts: [
        {
          name: REDIRECT,
          domains: ['*'],
          routes: [
            {
              name: REDIRECT,
              match: { prefix: '/', headers: [{ name: ':authority', string_match: { exact: '' } }] },
              direct_response: { status: 400, body: noHost(toPort) },
            },
            {
              match: { prefix: '/' },
              redirect: { https_redirect: true, ...(toPort === HTTPS_PORT ? {} : { port_redirect: toPort }) },
            },
          ],
        },
      ],
    },
    http_filters: [router()],
    http_protocol_options: { accept_http_10: true },
    // Redirected like any other request, as in CHP.
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    // A redirect must not keep the port of this listener.
    strip_any_host_port: true,
    local_reply_config: { mappers: [{ filter: WITHOUT_HOST, body: noHost(toPort) }] },
    server_header_transformation: 'PASS_THROUGH',
    access_log: failureLog(),
    ...connectionManagerLimits(limits),
  }
  return httpListener({ name: REDIRECT, address: { host, port }, manager, limits, generation })
}

function noHost(toPort: number): DataSource {
  return {
    inline_string:
      `This server only redirects to HTTPS on port ${toPort}. ` +
      'The request does not say to which host: it has no Host header, or is malformed.\n',
  }
}
