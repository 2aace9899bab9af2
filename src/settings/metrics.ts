import type { ListenAddress } from '../platform/address.js'
import { nodeAddress } from './listen.js'

/** The options of the metrics server. */
export interface MetricsOptions {
  readonly metricsIp: string
  readonly metricsPort?: number
  readonly metricsSocket?: string
}

/** Where metrics are served; undefined if they are not. */
export function metricsAddress({ metricsIp, metricsPort, metricsSocket }: MetricsOptions): ListenAddress | undefined {
  if (metricsSocket === undefined && metricsPort === undefined) return undefined
  return nodeAddress({ ip: metricsIp, port: metricsPort ?? 0, socket: metricsSocket })
}
