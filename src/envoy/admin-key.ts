import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'

const FORM = /^[0-9a-f]{32}$/

/** Where the key of the admin interface at a socket is, for all who may call it. */
export function adminKeyFile(socketPath: string): string {
  return `${socketPath}.key`
}

/**
 * The key of the admin interface at a socket; undefined if there is none, as while an Envoy of an earlier version runs,
 * which wants none.
 *
 * @throws Error if there is one that can't be read
 */
export async function readAdminKey(socketPath: string): Promise<string | undefined> {
  try {
    const key = await readFile(adminKeyFile(socketPath), 'utf8')
    return FORM.test(key) ? key : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** An unguessable key. */
export function newAdminKey(): string {
  return randomBytes(16).toString('hex')
}
