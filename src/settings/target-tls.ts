import type { Reloadable } from '../platform/reloadable.js'
import { readEnvoyKeyPair } from '../tls/envoy-keys.js'
import type { KeyPair } from '../tls/files.js'
import type { OptionSpec, OptionValues } from './option.js'
import { authoritiesOf, keyPairOf, PASSPHRASES, warningsAboutKeys } from './tls-files.js'

/** TLS towards targets. */
export const TARGET_TLS_OPTIONS = [
  { flags: '--client-ssl-key <keyfile>', description: 'TLS key shown to https targets' },
  { flags: '--client-ssl-cert <certfile>', description: 'TLS certificate shown to https targets' },
  { flags: '--client-ssl-ca <ca-file>', description: 'Authorities that https targets are checked against' },
  {
    flags: '--client-ssl-request-cert',
    description: 'Does nothing: an https target always shows its certificate',
  },
  {
    flags: '--client-ssl-reject-unauthorized',
    description: 'Does nothing: the certificates of https targets are always checked',
  },
  { flags: '--insecure', description: "Don't check https targets' certificates" },
] as const satisfies readonly OptionSpec[]

export type TargetTlsOptions = OptionValues<typeof TARGET_TLS_OPTIONS>

export interface TargetTlsSettings {
  /** Shown to https targets; undefined if they are shown none. */
  readonly certificate: Reloadable<KeyPair> | undefined
  /** The authorities of https targets' certificates; undefined if these are not checked. */
  readonly authorities: Reloadable<Buffer> | undefined
  /** What the operator should know about them. */
  readonly warnings: readonly string[]
}

/** @throws FatalError if a file can't be used */
export async function readTargetTls(options: TargetTlsOptions, env: NodeJS.ProcessEnv): Promise<TargetTlsSettings> {
  const authorities = options.insecure ? undefined : await authoritiesOf('--client-ssl-ca', options.clientSslCa, env)
  return {
    certificate: await keyPairOf(
      { flag: '--client-ssl-key', path: options.clientSslKey },
      { flag: '--client-ssl-cert', path: options.clientSslCert },
      { variable: PASSPHRASES.client, value: env[PASSPHRASES.client] },
      readEnvoyKeyPair,
    ),
    authorities,
    warnings: [
      ...(options.insecure ? ['--insecure: the certificates of https targets are not checked'] : []),
      ...warningsAboutKeys(authorities),
    ],
  }
}
