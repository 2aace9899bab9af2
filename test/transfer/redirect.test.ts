import { fileURLToPath } from 'node:url'
import t from 'tap'
import { findEnvoy } from '../../src/envoy/binary/find.js'
import { readRelease } from '../../src/envoy/binary/release.js'
import { without } from '../support/installed.js'
import { withoutMounts } from '../support/name-service.js'

const PROGRAM = fileURLToPath(new URL('redirect.js', import.meta.url))

t.test(
  'from CHP to this by a rule of the kernel',
  { skip: withoutMounts() || (await without('iptables', 'iptables')), timeout: 180_000 },
  async (t) => {
    // Before the network is one of its own, and nothing can be fetched.
    const { env, arch } = process
    const { path } = await findEnvoy({ release: readRelease(), env, arch, progress: (line) => t.comment(line) })
    const options = { env: { ...env, ENVOY_PATH: path }, timeout: 180_000 }
    await t.spawn('unshare', ['--net', process.execPath, PROGRAM], options, 'in namespaces')
  },
)
