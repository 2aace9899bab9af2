import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { findEnvoy } from '../../src/envoy/binary/find.js'
import { readRelease } from '../../src/envoy/binary/release.js'
import { Backend } from '../support/backend.js'
import { temporaryDirectory } from '../support/directory.js'
import { backendOf } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess } from '../support/proxy.js'

/** Root without any right but those of a program's own file. */
const WITHOUT_RIGHTS = ['setpriv', '--securebits', '+noroot', '--inh-caps', '-all', '--ambient-caps', '-all']

const skip = await reasonToSkip()

async function reasonToSkip(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'only root can give a program such a right'
  const first = Number(await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
  if (first < 1024) return `here everybody may use ports from ${first} on`
  try {
    execFileSync('setpriv', [...WITHOUT_RIGHTS.slice(1), 'true'])
    execFileSync('setcap', ['-h'], { stdio: 'ignore' })
    return false
  } catch (error) {
    return `setpriv (util-linux) and setcap (libcap2-bin) are needed: ${(error as Error).message.trim()}`
  }
}

/** The first free port below 1024 that is nobody's by custom. */
async function lowPort(): Promise<number> {
  for (let port = 700; port < 1024; port++) {
    const server = createServer().listen(port, '127.0.0.1')
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    server.close()
    if (free) return port
  }
  throw new Error('no port below 1024 is free')
}

t.test(
  'without the right to a port below 1024 one line says how to get it, and nothing else is claimed',
  { skip },
  async (t) => {
    const [api = 0] = await freePorts(1)
    const ports: [number, number] = [await lowPort(), api]
    const proxy = await ProxyProcess.spawn([], { ports, before: WITHOUT_RIGHTS })
    t.teardown(() => proxy.stop())
    t.strictSame(await proxy.exit(), { code: 1, signal: null })
    t.match(
      proxy.output,
      /^error: [^\n]*Permission denied[^\n]*setcap cap_net_bind_service=\+ep \/[^\n]*\/envoy`[^\n]*\n/m,
    )
    t.notMatch(proxy.output, /Proxying/)
  },
)

t.test('the right of Envoy alone is enough', { skip }, async (t) => {
  const envoy = join(await temporaryDirectory(t), 'envoy')
  const release = readRelease()
  const { path } = await findEnvoy({ release, env: process.env, arch: process.arch, progress: () => {} })
  await copyFile(path, envoy)
  execFileSync('setcap', ['cap_net_bind_service=+ep', envoy])
  const backend = await Backend.start('a')
  const [api = 0] = await freePorts(1)
  const ports: [number, number] = [await lowPort(), api]
  const proxy = await ProxyProcess.start(['--envoy-path', envoy], { ports, before: WITHOUT_RIGHTS })
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  await proxy.route('/', backend.url)
  t.equal(await backendOf(proxy.port, '/'), 'a')
})
