import type { SecureContextOptions } from 'node:tls'
import { createSecureContext } from 'node:tls'
import type { ListenAddress } from '../platform/address.js'
import { FatalError } from '../platform/fatal-error.js'
import type { Reloadable } from '../platform/reloadable.js'
import { reloadable } from '../platform/reloadable.js'
import { tlsVersions } from '../tls/versions.js'
import type { ApiAccess } from './api-access.js'
import { readApiAccess } from './api-access.js'
import type { ListenOptions } from './listen.js'
import { nodeAddress } from './listen.js'
import type { Machine } from './machine.js'
import type { OptionSpec, OptionValues } from './option.js'
import { PORT } from './option.js'
import type { PublicTlsOptions } from './public-tls.js'
import { authoritiesOf, keyPairOf, PASSPHRASES } from './tls-files.js'

/** The REST API's server. */
export const API_OPTIONS = [
  { flags: '--api-ip <ip>', description: 'IP of the REST API', default: 'localhost' },
  {
    flags: '--api-port <n>',
    description: 'Port of the REST API',
    defaultDescription: 'the public port + 1',
    number: PORT,
  },
  { flags: '--api-socket <path>', description: 'Unix socket of the REST API, instead of IP and port' },
  { flags: '--api-ssl-key <keyfile>', description: 'TLS key of the REST API' },
  { flags: '--api-ssl-cert <certfile>', description: 'TLS certificate of the REST API' },
  { flags: '--api-ssl-ca <ca-file>', description: 'Authorities of client certificates on the REST API' },
  {
    flags: '--api-ssl-request-cert',
    description: 'Refuse clients of the REST API without a valid certificate',
  },
  { flags: '--api-ssl-reject-unauthorized', description: 'Goes with --api-ssl-request-cert' },
  {
    flags: '--no-api-auth',
    description: 'Let everyone on this machine use the REST API; for loopback addresses and unix sockets only',
  },
] as const satisfies readonly OptionSpec[]

/** Protocol and ciphers are those of the public port, as in CHP. */
export type ApiOptions = OptionValues<typeof API_OPTIONS> &
  Pick<ListenOptions, 'port' | 'socket'> &
  Pick<PublicTlsOptions, 'sslProtocol' | 'sslCiphers'>

export interface ApiSettings extends ApiAccess {
  readonly at: ListenAddress
  /** How many connections may be open at once. */
  readonly maxConnections: number
  /** Undefined if the API speaks plain HTTP. */
  readonly tls: ApiTls | undefined
}

export interface ApiTls {
  /** The options of a TLS server; OpenSSL has accepted them. */
  readonly context: Reloadable<SecureContextOptions>
  /** Whether clients must show a certificate that the authorities have signed. */
  readonly requestCertificate: boolean
}

/** The API's default port if the proxy listens on a socket, as in CHP. */
const API_PORT_BESIDE_SOCKET = 8001

/** Enough for a hub that adds 1,000 routes at once, each on its own connection. */
const MAX_CONNECTIONS = 2_000
const LEAST_CONNECTIONS = 50
/** Files that this process needs for metrics, Envoys' connections, the store and the start of an Envoy. */
const OTHER_FILES = 400

/** @throws FatalError if a file can't be used, or an option has an unsupported value */
export async function readApiSettings(
  options: ApiOptions,
  env: NodeJS.ProcessEnv,
  machine: Pick<Machine, 'maxOpenFiles'>,
): Promise<ApiSettings> {
  const port = options.apiPort ?? (options.socket === undefined ? options.port + 1 : API_PORT_BESIDE_SOCKET)
  const at = nodeAddress({ ip: options.apiIp, port, socket: options.apiSocket })
  return {
    at,
    ...readApiAccess(options.apiAuth, at, env),
    maxConnections: Math.min(MAX_CONNECTIONS, Math.max(LEAST_CONNECTIONS, machine.maxOpenFiles - OTHER_FILES)),
    tls: await readApiTls(options, env),
  }
}

async function readApiTls(options: ApiOptions, env: NodeJS.ProcessEnv): Promise<ApiTls | undefined> {
  const { apiSslCa, apiSslRequestCert, sslCiphers } = options
  const pair = await keyPairOf(
    { flag: '--api-ssl-key', path: options.apiSslKey },
    { flag: '--api-ssl-cert', path: options.apiSslCert },
    { variable: PASSPHRASES.api, value: env[PASSPHRASES.api] },
  )
  if (pair === undefined) {
    // CHP would ignore them, and serve everyone over plain HTTP.
    if (apiSslCa === undefined && !apiSslRequestCert) return undefined
    throw new FatalError('--api-ssl-ca and --api-ssl-request-cert need --api-ssl-key and --api-ssl-cert.')
  }
  const authorities = apiSslCa === undefined ? undefined : await authoritiesOf('--api-ssl-ca', apiSslCa, env)
  const { min: minVersion, max: maxVersion } = tlsVersions(options.sslProtocol)
  const paths = [...pair.paths, ...(authorities?.paths ?? [])]
  return {
    context: await reloadable(pair.what, paths, async () => {
      const [{ key, chain }, ca] = await Promise.all([pair.read(), authorities?.read()])
      return usable({
        ...{ key, cert: chain, minVersion, maxVersion, honorCipherOrder: true },
        // Without any, Node.js uses the public authorities, as in CHP.
        ...(ca === undefined ? {} : { ca }),
        ...(sslCiphers === undefined ? {} : { ciphers: sslCiphers }),
      })
    }),
    // As in CHP --api-ssl-reject-unauthorized makes no difference: Node.js refuses by default.
    requestCertificate: apiSslRequestCert ?? false,
  }
}

/** @throws FatalError with OpenSSL's message */
function usable(context: SecureContextOptions): SecureContextOptions {
  try {
    createSecureContext(context)
    return context
  } catch (error) {
    throw new FatalError(
      `The REST API can't use --api-ssl-cert with the other TLS options: ${(error as Error).message}.`,
    )
  }
}
