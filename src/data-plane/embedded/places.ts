import type { ListenAddress } from '../../platform/address.js'
import { publicAddressOf } from '../../platform/address.js'
import type { Settings } from '../../settings/settings.js'
import type { StateDirKey } from '../../store/directory/state-dir.js'
import type { RuntimeDir } from './runtime-dir.js'
import { locateRuntimeDir } from './runtime-dir.js'

/** Where the files are of the proxy that runs with these settings. */
export function runtimeDirOf({ store: { stateDir }, public: address }: Settings): RuntimeDir {
  return locateRuntimeDir({ stateDir, publicAddress: publicAddressOf(address) }, process.env)
}

/** What says where that proxy keeps its routes. */
export function stateDirKeyOf({ store: { stateDir }, public: address }: Settings): StateDirKey {
  return { explicit: stateDir, publicAddress: publicAddressOf(address), env: process.env }
}

/** Where Envoy is to listen, with whose address that is, as a sentence begins. */
export function envoyAddresses({
  public: at,
  redirect,
}: Settings): ReadonlyArray<{ server: string; address: ListenAddress }> {
  const proxy = { server: 'The proxy', address: at }
  return redirect === undefined ? [proxy] : [proxy, { server: 'The redirection to HTTPS', address: redirect.at }]
}
