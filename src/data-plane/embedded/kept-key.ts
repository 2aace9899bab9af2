import { writeFile } from 'node:fs/promises'
import { adminKeyFile, readAdminKey } from '../../envoy/admin-key.js'
import { variableOf } from '../../platform/processes.js'
import type { EnvoyProcess } from './process.js'

/**
 * Restores the key's file if a cleaner of temporary files has removed it. The key is read from the environment of an
 * Envoy, which only its own user can read.
 *
 * @throws Error if the file can't be written
 */
export async function restoreAdminKey(socketPath: string, envoys: readonly EnvoyProcess[]): Promise<void> {
  if ((await readAdminKey(socketPath)) !== undefined) return
  const key = envoys.map(({ identity }) => identity && variableOf(identity.pid, KEY_VARIABLE)).findLast(Boolean)
  if (key !== undefined) await writeFile(adminKeyFile(socketPath), key, { mode: 0o600 })
}

/** The variable in an Envoy's environment that holds the key for {@link restoreAdminKey}. Envoy ignores it. */
export const KEY_VARIABLE = 'CEP_ADMIN_KEY'
