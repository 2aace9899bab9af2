import { DEFAULT_ADMIN_SOCKET } from '../settings/bootstrap.js'
import type { OptionSpec } from './options.js'
import { parseCount } from './options.js'

const ADMIN_SOCKET: OptionSpec = {
  flags: '--admin-socket <path>',
  description: "Unix socket of Envoy's admin interface",
  default: DEFAULT_ADMIN_SOCKET,
}

/** Those of `bootstrap`, beside some of the above. */
export const BOOTSTRAP_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--mode <mode>',
    description: 'sidecar: the control plane is at a unix socket; gateway: at a host and port',
    choices: ['sidecar', 'gateway'],
    isMandatory: true,
  },
  {
    flags: '--output <file>',
    description: 'File to write it to, and others beside it whose names begin with its own',
    defaultDescription: 'standard output',
  },
  ADMIN_SOCKET,
  {
    flags: '--node-id <id>',
    description: 'How the log of the control plane calls this Envoy',
    defaultDescription: 'the host name',
  },
  {
    flags: '--stats-address <address>',
    description: 'host:port where Envoy is to show its statistics, as /stats/prometheus',
  },
]

/** Those of `stop`. */
export const STOP_OPTIONS: readonly OptionSpec[] = [
  { flags: '--forget', description: 'Also remove the routes that the proxy has kept on disk' },
]

/** Those of `drain`. */
export const DRAIN_OPTIONS: readonly OptionSpec[] = [
  ADMIN_SOCKET,
  {
    flags: '--seconds <n>',
    description: 'How long it may take',
    default: 25,
    parse: parseCount('The time in seconds', 1, 86_400),
  },
]
