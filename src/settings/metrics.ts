import type { ListenAddress } from '../platform/address.js'
import { nodeAddress } from './listen.js'
import type { OptionSpec, OptionValues } from './option.js'
import { PORT } from './option.js'

/** Where metrics are served. */
export const METRICS_OPTIONS = [
  {
    flags: '--metrics-ip <ip>',
    description: 'IP of the metrics server',
    default: '',
    defaultDescription: 'all',
  },
  { flags: '--metrics-port <n>', description: 'Port of the metrics server', number: PORT },
  { flags: '--metrics-socket <path>', description: 'Unix socket of the metrics server' },
] as const satisfies readonly OptionSpec[]

export type MetricsOptions = OptionValues<typeof METRICS_OPTIONS>

/** Where metrics are served; undefined if they are not. */
export function metricsAddress({ metricsIp, metricsPort, metricsSocket }: MetricsOptions): ListenAddress | undefined {
  if (metricsSocket === undefined && metricsPort === undefined) return undefined
  return nodeAddress({ ip: metricsIp, port: metricsPort ?? 0, socket: metricsSocket })
}
