import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { findEnvoy } from '../../src/envoy/binary/find.js'
import { readRelease } from '../../src/envoy/binary/release.js'

/** Why no container can be imitated here, for `skip`; false if one can. */
export function withoutNamespaces(): string | false {
  const { status, stderr, error } = spawnSync('unshare', ['--net', '--mount', 'true'], { encoding: 'utf8' })
  return status === 0 ? false : `there can be no namespaces: ${error?.message ?? stderr.trim()}`
}

/**
 * Runs a program of tests in a network of its own, which ends with the process. Nothing can be fetched there, so Envoy is
 * found before.
 *
 * @param program as a URL
 */
export async function inNamespaces(t: Test, program: URL, timeout: number): Promise<void> {
  const { env, arch } = process
  const { path } = await findEnvoy({ release: readRelease(), env, arch, progress: (line) => t.comment(line) })
  const options = { env: { ...env, ENVOY_PATH: path }, timeout }
  await t.spawn('unshare', ['--net', process.execPath, fileURLToPath(program)], options, 'in namespaces')
}
