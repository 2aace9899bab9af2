import { InvalidArgumentError } from 'commander'
import { LOG_LEVELS } from '../platform/log.js'
import { DEFAULT_BACKEND } from '../settings/store.js'

/** One command-line option, declared once: the command line, its help and the README's table are made from it. */
export interface OptionSpec {
  readonly flags: string
  readonly description: string
  /** Options of CHP, or ones that only this proxy has; none for those of a subcommand. */
  readonly group?: 'CHP' | 'Envoy'
  readonly isMandatory?: true
  readonly default?: string | number
  /** What the default is, where no constant says it. */
  readonly defaultDescription?: string
  /** The only values there are. */
  readonly choices?: readonly string[]
  readonly parse?: (value: string, previous: never) => unknown
  /** Options that it can't be given with, as commander names them. */
  readonly conflicts?: readonly string[]
}

export function parsePort(value: string): number {
  const port = Number(value)
  if (!/^\d+$/.test(value) || port < 1 || port > 65535) {
    throw new InvalidArgumentError('A port is a number from 1 to 65535.')
  }
  return port
}

function parseMilliseconds(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('A time in milliseconds is a whole number.')
  return Number(value)
}

function parseWorkers(value: string): number {
  const workers = Number(value)
  if (!/^\d+$/.test(value) || workers < 1 || workers > 256) {
    throw new InvalidArgumentError('The number of workers is from 1 to 256.')
  }
  return workers
}

/** @param most a bound that no sensible value comes near */
export function parseCount(what: string, least: number, most: number): (value: string) => number {
  return (value) => {
    const count = Number(value)
    if (!/^\d+$/.test(value) || count < least || count > most) {
      throw new InvalidArgumentError(`${what} is a whole number from ${least} to ${most}.`)
    }
    return count
  }
}

function parseLogLevel(value: string): string {
  const level = LOG_LEVELS.find((known) => known === value.toLowerCase())
  if (level === undefined) throw new InvalidArgumentError(`A log level is one of ${LOG_LEVELS.join(', ')}.`)
  return level
}

/** Collects `--custom-header name:value`; as in CHP the first colon divides and blanks around both are dropped. */
function collectHeader(
  value: string,
  previous: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const colon = value.trim().indexOf(':')
  if (colon <= 0) throw new InvalidArgumentError(`A colon was expected in custom header: ${value.trim()}`)
  const name = value.trim().slice(0, colon).trim()
  return {
    ...previous,
    [name]: value
      .trim()
      .slice(colon + 1)
      .trim(),
  }
}

const chp = { group: 'CHP' } as const
const own = { group: 'Envoy' } as const

/** In the order of CHP's help. */
export const OPTIONS: readonly OptionSpec[] = [
  { ...chp, flags: '--ip <ip-address>', description: 'Public-facing IP of the proxy', defaultDescription: 'all' },
  { ...chp, flags: '--port <n>', description: 'Public-facing port of the proxy', default: 8000, parse: parsePort },
  {
    ...chp,
    flags: '--socket <path>',
    description: 'Unix socket for the proxy to listen on, instead of IP and port',
    conflicts: ['ip', 'port'],
  },
  { ...chp, flags: '--ssl-key <keyfile>', description: 'TLS key of the public port' },
  { ...chp, flags: '--ssl-cert <certfile>', description: 'TLS certificate of the public port' },
  { ...chp, flags: '--ssl-ca <ca-file>', description: 'Authorities of client certificates on the public port' },
  { ...chp, flags: '--ssl-request-cert', description: 'Refuse clients without a valid certificate' },
  { ...chp, flags: '--ssl-reject-unauthorized', description: 'Goes with --ssl-request-cert' },
  { ...chp, flags: '--ssl-protocol <ssl-protocol>', description: 'TLS version to use, such as TLSv1_2' },
  { ...chp, flags: '--ssl-ciphers <ciphers>', description: 'Colon-separated list of TLS ciphers' },
  { ...chp, flags: '--ssl-allow-rc4', description: 'Does nothing: Envoy has no RC4' },
  {
    ...chp,
    flags: '--ssl-dhparam <dhparam-file>',
    description: 'Does nothing: Envoy exchanges keys by elliptic curves only',
  },
  { ...chp, flags: '--api-ip <ip>', description: 'IP of the REST API', default: 'localhost' },
  {
    ...chp,
    flags: '--api-port <n>',
    description: 'Port of the REST API',
    defaultDescription: 'the public port + 1',
    parse: parsePort,
  },
  { ...chp, flags: '--api-socket <path>', description: 'Unix socket of the REST API, instead of IP and port' },
  { ...chp, flags: '--api-ssl-key <keyfile>', description: 'TLS key of the REST API' },
  { ...chp, flags: '--api-ssl-cert <certfile>', description: 'TLS certificate of the REST API' },
  { ...chp, flags: '--api-ssl-ca <ca-file>', description: 'Authorities of client certificates on the REST API' },
  {
    ...chp,
    flags: '--api-ssl-request-cert',
    description: 'Refuse clients of the REST API without a valid certificate',
  },
  { ...chp, flags: '--api-ssl-reject-unauthorized', description: 'Goes with --api-ssl-request-cert' },
  { ...chp, flags: '--client-ssl-key <keyfile>', description: 'TLS key shown to https targets' },
  { ...chp, flags: '--client-ssl-cert <certfile>', description: 'TLS certificate shown to https targets' },
  { ...chp, flags: '--client-ssl-ca <ca-file>', description: 'Authorities that https targets are checked against' },
  {
    ...chp,
    flags: '--client-ssl-request-cert',
    description: 'Does nothing: an https target always shows its certificate',
  },
  {
    ...chp,
    flags: '--client-ssl-reject-unauthorized',
    description: 'Does nothing: the certificates of https targets are always checked',
  },
  { ...chp, flags: '--default-target <host>', description: 'Target of requests that no route matches' },
  { ...chp, flags: '--error-target <host>', description: 'Server of error pages (proto://host[:port]/path)' },
  { ...chp, flags: '--error-path <path>', description: 'Directory of error pages, CODE.html or error.html' },
  {
    ...chp,
    flags: '--redirect-port <redirect-port>',
    description: 'Port whose HTTP requests are redirected to HTTPS',
    parse: parsePort,
  },
  {
    ...chp,
    flags: '--redirect-to <port>',
    description: 'HTTPS port to redirect to',
    defaultDescription: 'the public port',
    parse: parsePort,
  },
  { ...chp, flags: '--pid-file <pid-file>', description: 'File to write our process id to' },
  { ...chp, flags: '--no-x-forward', description: "Don't add X-Forwarded headers to requests" },
  { ...chp, flags: '--no-prepend-path', description: "Don't put the target's path before the request's" },
  { ...chp, flags: '--no-include-prefix', description: "Don't include the route's prefix in requests" },
  { ...chp, flags: '--auto-rewrite', description: "Rewrite host and port of redirects' Location" },
  { ...chp, flags: '--change-origin', description: "Set the Host header to the target's" },
  { ...chp, flags: '--protocol-rewrite <proto>', description: "Set the protocol of redirects' Location" },
  {
    ...chp,
    flags: '--custom-header <header>',
    description: 'Header to add to requests, name:value; may be repeated',
    parse: collectHeader,
  },
  { ...chp, flags: '--insecure', description: "Don't check https targets' certificates" },
  { ...chp, flags: '--host-routing', description: "Routes' first path segment is the host" },
  {
    ...chp,
    flags: '--metrics-ip <ip>',
    description: 'IP of the metrics server',
    default: '',
    defaultDescription: 'all',
  },
  { ...chp, flags: '--metrics-port <n>', description: 'Port of the metrics server', parse: parsePort },
  { ...chp, flags: '--metrics-socket <path>', description: 'Unix socket of the metrics server' },
  {
    ...chp,
    flags: '--log-level <loglevel>',
    description: 'How much to log (debug, info, warn, error)',
    default: 'info',
    parse: parseLogLevel,
  },
  {
    ...chp,
    flags: '--timeout <n>',
    description: 'Milliseconds after which a request without any traffic is given up',
    parse: parseMilliseconds,
  },
  {
    ...chp,
    flags: '--proxy-timeout <n>',
    description: 'Milliseconds to wait for a response of the target',
    parse: parseMilliseconds,
  },
  {
    ...chp,
    flags: '--storage-backend <storage-class>',
    description: 'What keeps routes: lmdb, on disk, memory, or a Node.js module with a storage class of CHP',
    defaultDescription: DEFAULT_BACKEND,
  },
  {
    ...chp,
    flags: '--keep-alive-timeout <timeout>',
    description: 'Milliseconds that an idle connection of a client is kept',
    defaultDescription: '620000',
    parse: parseMilliseconds,
  },
  {
    ...own,
    flags: '--no-api-auth',
    description: 'Let everyone on this machine use the REST API; for loopback addresses and unix sockets only',
  },
  {
    ...own,
    flags: '--state-dir <directory>',
    description: 'Directory that routes are kept in, of this user alone; made if it is not there',
    defaultDescription: 'one a public address, in XDG_STATE_HOME or ~/.local/state',
  },
  {
    ...own,
    flags: '--envoy-path <file>',
    description: 'Envoy to run; also ENVOY_PATH in the environment',
    defaultDescription: 'found on the PATH or fetched once',
  },
  {
    ...own,
    flags: '--workers <n>',
    description: "Envoy's worker threads",
    defaultDescription: 'one a processor, at most 4',
    parse: parseWorkers,
  },
  {
    ...own,
    flags: '--orphan-timeout <seconds>',
    description: 'How long Envoy serves on when this process has died and is not started again; 0 for ever',
    default: 600,
    parse: parseCount('The time in seconds', 0, 999_999_999),
  },
  {
    ...own,
    flags: '--max-connections <n>',
    description: "Users' connections that are taken; one too many is closed",
    defaultDescription: '10000, or what the limit of open files allows',
    parse: parseCount('The number of connections', 1, 10_000_000),
  },
  {
    ...own,
    flags: '--max-requests-per-route <n>',
    description: 'Requests and websockets under way to one route; one too many is answered 503',
    default: 2000,
    parse: parseCount('The number of requests', 1, 10_000_000),
  },
  {
    ...own,
    flags: '--max-heap <MiB>',
    description: "Size of Envoy's heap, below which load is refused so that it never gets there",
    defaultDescription: "60 % of the container's memory, or 25 % of the machine's",
    parse: parseCount("The size of Envoy's heap", 16, 16_777_216),
  },
  {
    ...own,
    flags: '--request-timeout <seconds>',
    description: 'How long a client may take to send a request, 0 for no end',
    default: 3600,
    parse: parseCount('The time for a request', 0, 1_000_000),
  },
  {
    ...own,
    flags: '--envoy-mode <mode>',
    description: 'embedded: this process starts Envoy; external: others start any number of Envoys',
    default: 'embedded',
    choices: ['embedded', 'external'],
  },
  {
    ...own,
    flags: '--xds-address <address>',
    description: 'Where external Envoys find this process: unix:/path or host:port',
  },
  { ...own, flags: '--xds-ssl-key <file>', description: 'TLS key between this process and external Envoys' },
  { ...own, flags: '--xds-ssl-cert <file>', description: 'TLS certificate between them' },
  { ...own, flags: '--xds-ssl-ca <file>', description: 'Authorities that have signed the certificates of both sides' },
]
