import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory of its own for a test, which is removed at its end. */
export async function temporaryDirectory(t: { teardown(fn: () => unknown): unknown }): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}
