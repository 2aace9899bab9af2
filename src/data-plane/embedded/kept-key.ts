import { writeFile } from 'node:fs/promises'
import { adminKeyFile, readAdminKey } from '../../envoy/admin-key.js'
import { variableOf } from '../../platform/processes.js'
import type { EnvoyProcess } from './process.js'

/**
 * Has the key in its file again, should a cleaner of temporary files have removed it: from the environment of an Envoy,
 * where only its user can look.
 *
 * @throws Error if the file can't be written
 */
export async function restoreAdminKey(socketPath: string, envoys: readonly EnvoyProcess[]): Promise<void> {
  if ((await readAdminKey(socketPath)) !== undefined) return
  const key = envoys.map(({ identity }) => identity && variableOf(identity.pid, KEY_VARIABLE)).findLast(Boolean)
  if (key !== undefined) await writeFile(adminKeyFile(socketPath), key, { mode: 0o600 })
}

/** What an Envoy of ours has the key in, for {@link restoreAdminKey}; it takes no notice of it. */
export const KEY_VARIABLE = 'CEP_ADMIN_KEY'
