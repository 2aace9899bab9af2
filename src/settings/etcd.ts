import { FatalError } from '../platform/fatal-error.js'
import type { EtcdConnection } from '../store/etcd/endpoints.js'
import { isLoopback } from './api-access.js'
import type { OptionSpec, OptionValues } from './option.js'
import { authoritiesOf, keyPairOf } from './tls-files.js'

/** The environment variable that holds the password of --etcd-user. It is removed before Envoy starts. */
export const ETCD_PASSWORD = 'CONFIGPROXY_ETCD_PASSWORD'

/** How etcd is reached, where routes are kept in it. */
export const ETCD_OPTIONS = [
  {
    flags: '--etcd-endpoints <urls>',
    description:
      'URLs of the members of the etcd that keeps routes, tried in this order: https://a:2379,https://b:2379',
  },
  { flags: '--etcd-ssl-ca <file>', description: "Authorities that have signed etcd's certificates" },
  { flags: '--etcd-ssl-key <file>', description: 'TLS key that this process shows etcd' },
  { flags: '--etcd-ssl-cert <file>', description: 'TLS certificate that this process shows etcd' },
  {
    flags: '--etcd-user <name>',
    description: `User of etcd; the password is in ${ETCD_PASSWORD}, in the environment only`,
  },
] as const satisfies readonly OptionSpec[]

export type EtcdOptions = OptionValues<typeof ETCD_OPTIONS>

/**
 * Reads how etcd is reached; undefined if no endpoints are given.
 *
 * @throws FatalError if the options don't fit each other or a file can't be used
 */
export async function readEtcd(options: EtcdOptions, env: NodeJS.ProcessEnv): Promise<EtcdConnection | undefined> {
  const { etcdEndpoints, etcdUser: name, etcdSslCa, etcdSslKey, etcdSslCert } = options
  if (etcdEndpoints === undefined) {
    if ([name, etcdSslCa, etcdSslKey, etcdSslCert].every((value) => value === undefined)) return undefined
    throw new FatalError('--etcd-user and --etcd-ssl-ca, -key and -cert go with --etcd-endpoints.')
  }
  const endpoints = readEndpoints(etcdEndpoints)
  const password = env[ETCD_PASSWORD]
  if (name !== undefined && !password) throw new FatalError(`--etcd-user needs its password in ${ETCD_PASSWORD}.`)
  if (name === undefined && password) throw new FatalError(`${ETCD_PASSWORD} is set: name its user with --etcd-user.`)
  const user = name === undefined || !password ? undefined : { name, password }
  if (isEncrypted(endpoints)) return { endpoints, tls: await readTls(options, env), user }
  if ([etcdSslCa, etcdSslKey, etcdSslCert].some((value) => value !== undefined)) {
    throw new FatalError('--etcd-ssl-ca, -key and -cert are for https, but --etcd-endpoints has http.')
  }
  return { endpoints, tls: undefined, user }
}

/** What the operator should know about it. */
export function* warningsAboutEtcd({ endpoints, tls }: EtcdConnection): Iterable<string> {
  const open = endpoints.find((url) => !isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, '')))
  if (tls === undefined && open !== undefined) {
    yield `--etcd-endpoints ${open} is not encrypted: whoever is on the way can read and change routes. Use https`
  }
}

async function readTls(
  { etcdSslCa, etcdSslKey, etcdSslCert }: EtcdOptions,
  env: NodeJS.ProcessEnv,
): Promise<EtcdConnection['tls']> {
  return {
    authorities: await authoritiesOf('--etcd-ssl-ca', etcdSslCa, env),
    certificate: await keyPairOf(
      { flag: '--etcd-ssl-key', path: etcdSslKey },
      { flag: '--etcd-ssl-cert', path: etcdSslCert },
    ),
  }
}

function isEncrypted(endpoints: readonly string[]): boolean {
  return endpoints.some((url) => url.startsWith('https:'))
}

/** Each is scheme, host and maybe a port, and all have one scheme. */
function readEndpoints(text: string): readonly string[] {
  const urls = text.split(',').map((url) => url.trim())
  for (const url of urls) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined
    const isPlain = parsed !== undefined && [parsed.origin, `${parsed.origin}/`].includes(url.toLowerCase())
    if (isPlain && ['http:', 'https:'].includes(parsed.protocol)) continue
    throw new FatalError(
      'Each of --etcd-endpoints is a URL of scheme, host and port alone, such as https://etcd-1:2379.',
    )
  }
  const origins = urls.map((url) => new URL(url).origin)
  if (new Set(origins.map((url) => new URL(url).protocol)).size > 1) {
    throw new FatalError('Either all of --etcd-endpoints are http, or all are https.')
  }
  return origins
}
