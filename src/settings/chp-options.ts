import type { OptionSpec } from './option.js'

/** The options of configurable-http-proxy, in the order of its help. */
export const CHP_FLAGS: readonly string[] = [
  '--ip',
  '--port',
  '--socket',
  '--ssl-key',
  '--ssl-cert',
  '--ssl-ca',
  '--ssl-request-cert',
  '--ssl-reject-unauthorized',
  '--ssl-protocol',
  '--ssl-ciphers',
  '--ssl-allow-rc4',
  '--ssl-dhparam',
  '--api-ip',
  '--api-port',
  '--api-socket',
  '--api-ssl-key',
  '--api-ssl-cert',
  '--api-ssl-ca',
  '--api-ssl-request-cert',
  '--api-ssl-reject-unauthorized',
  '--client-ssl-key',
  '--client-ssl-cert',
  '--client-ssl-ca',
  '--client-ssl-request-cert',
  '--client-ssl-reject-unauthorized',
  '--default-target',
  '--error-target',
  '--error-path',
  '--redirect-port',
  '--redirect-to',
  '--pid-file',
  '--no-x-forward',
  '--no-prepend-path',
  '--no-include-prefix',
  '--auto-rewrite',
  '--change-origin',
  '--protocol-rewrite',
  '--custom-header',
  '--insecure',
  '--host-routing',
  '--metrics-ip',
  '--metrics-port',
  '--metrics-socket',
  '--log-level',
  '--timeout',
  '--proxy-timeout',
  '--storage-backend',
  '--keep-alive-timeout',
]

export function isOfChp(option: OptionSpec): boolean {
  return CHP_FLAGS.includes(flagOf(option))
}

/** `--name` or `--no-name`, without the argument. */
export function flagOf({ flags }: OptionSpec): string {
  const [flag = flags] = flags.split(' ')
  return flag
}

/** CHP's options first, in its order; those that only this proxy has follow in theirs. */
export function inHelpOrder(options: readonly OptionSpec[]): readonly OptionSpec[] {
  const place = (option: OptionSpec) => CHP_FLAGS.indexOf(flagOf(option))
  const chp = options.filter(isOfChp).sort((a, b) => place(a) - place(b))
  return [...chp, ...options.filter((option) => !isOfChp(option))]
}
