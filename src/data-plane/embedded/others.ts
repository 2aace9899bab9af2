import { EnvoyAdmin } from '../../envoy/admin.js'
import type { ListenAddress } from '../../platform/address.js'
import { shownAddress } from '../../platform/address.js'
import { findEnvoys } from './adoption.js'
import { ownerOf } from './claim.js'
import type { RuntimeDir } from './runtime-dir.js'
import { otherRuntimeDirs } from './runtime-dir.js'

/** A proxy of this user with another runtime directory: its control plane, or the Envoy that one left behind. */
export interface Other {
  readonly pid: number
  readonly isOrphan: boolean
  /** Where its Envoy listens; empty if Envoy doesn't answer. */
  readonly addresses: readonly ListenAddress[]
}

/** This user's proxies with other runtime directories than this one. */
export async function otherProxies(dir: RuntimeDir): Promise<Other[]> {
  const found = otherRuntimeDirs(dir, process.env).map(async (other) => {
    const owner = ownerOf(other)
    const pid = owner?.pid ?? findEnvoys(other).at(-1)?.pid
    if (pid === undefined) return []
    const addresses = await new EnvoyAdmin(other.adminSocket).listeningOn().catch((): ListenAddress[] => [])
    return [{ pid, isOrphan: owner === undefined, addresses }]
  })
  return (await Promise.all(found)).flat()
}

/** Whether it listens on the port, or the unix socket, of an address. */
export function listensOn({ addresses }: Other, wanted: ListenAddress): boolean {
  return addresses.some((at) =>
    'port' in at
      ? 'port' in wanted && at.port === wanted.port
      : 'socketPath' in wanted && at.socketPath === wanted.socketPath,
  )
}

/** For messages: `configurable-envoy-proxy 123, which serves 127.0.0.1:8000`. */
export function describe({ pid, isOrphan, addresses }: Other): string {
  const who = isOrphan
    ? `Envoy ${pid}, whose control plane has died and which`
    : `configurable-envoy-proxy ${pid}, which`
  return `${who} ${addresses.length === 0 ? 'is not serving' : `serves ${addresses.map(shownAddress).join(' and ')}`}`
}
