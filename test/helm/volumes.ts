import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Of the user that the chart names. */
const GROUP = 65534

/** A directory for a volume, as a kubelet makes it with an fsGroup. */
export async function makeVolume(directory: string, secret?: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(directory, { recursive: true })
  await chown(directory, 0, GROUP)
  await chmod(directory, secret === undefined ? 0o2777 : 0o2750)
  if (secret !== undefined) await writeSecret(directory, secret)
}

/** Files behind a link that is moved when they change, as a kubelet keeps them. */
async function writeSecret(directory: string, data: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(directory, '..first'))
  for (const [key, value] of Object.entries(data)) {
    const file = join(directory, '..first', key)
    await writeFile(file, value, { mode: 0o440 })
    await chown(file, 0, GROUP)
    await symlink(join('..data', key), join(directory, key))
  }
  await symlink('..first', join(directory, '..data'))
}
