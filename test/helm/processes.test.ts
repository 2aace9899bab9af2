import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { findEnvoy } from '../../src/envoy/binary/find.js'
import { readRelease } from '../../src/envoy/binary/release.js'
import { helmTools, withoutHelm } from './tools.js'

const PROGRAM = fileURLToPath(new URL('processes.js', import.meta.url))
/** Should Helm have to be built, on a slow machine. */
const LIMIT_MS = 20 * 60_000

t.setTimeout(LIMIT_MS)
const skip = withoutNamespaces() || (await withoutHelm())

t.test('the pods of the chart work when they are run as processes', { skip, timeout: LIMIT_MS }, async (t) => {
  // Before the network is one of its own, which ends with the process, and nothing can be fetched.
  await helmTools()
  const find = {
    release: readRelease(),
    env: process.env,
    arch: process.arch,
    progress: (line: string) => t.comment(line),
  }
  const env = { ...process.env, ENVOY_PATH: (await findEnvoy(find)).path }
  await t.spawn('unshare', ['--net', process.execPath, PROGRAM], { env, timeout: LIMIT_MS }, 'in namespaces')
})

/** Why no container can be imitated here, for `skip`; false if one can. */
function withoutNamespaces(): string | false {
  const { status, stderr, error } = spawnSync('unshare', ['--net', '--mount', 'true'], { encoding: 'utf8' })
  return status === 0 ? false : `there can be no namespaces: ${error?.message ?? stderr.trim()}`
}
