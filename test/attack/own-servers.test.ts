import { symlink } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parseCommandLine } from '../../src/cli/command-line.js'
import { targetReader } from '../../src/control-plane/own-servers.js'
import { readSettings } from '../../src/settings/settings.js'
import { Authority } from '../support/certificate.js'
import { temporaryDirectory } from '../support/directory.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess } from '../support/proxy.js'

t.test('no target leads back to a server of the proxy itself', async (t) => {
  const authority = await Authority.make()
  t.teardown(() => authority.remove())
  const { keyFile, certFile } = await authority.issue()
  const [metrics = 0, redirect = 0] = await freePorts(2)
  const args = ['--metrics-ip', '127.0.0.1', '--metrics-port', String(metrics), '--redirect-port', String(redirect)]
  const proxy = await ProxyProcess.start([...args, '--ssl-key', keyFile, '--ssl-cert', certFile])
  t.teardown(() => proxy.stop())
  const link = join(proxy.runtimeBase, 'link.sock')
  const directory = join(proxy.runtimeBase, 'directory')
  await symlink(join(proxy.runtimeDir, 'admin.sock'), link)
  await symlink(proxy.runtimeDir, directory)
  const unix = (path: string) => `http+unix://${encodeURIComponent(path)}`
  const cases: Array<[target: string, what: string]> = [
    [`https://127.0.0.1:${proxy.port}`, 'public address'],
    [`http://localhost:${proxy.port}/x`, 'public address'],
    [`http://2130706433:${proxy.apiPort}`, 'REST API'],
    [`http://[::ffff:127.0.0.1]:${proxy.apiPort}`, 'REST API'],
    [`http://0.0.0.0:${metrics}/metrics`, 'metrics'],
    [`http://127.8.7.6:${redirect}`, 'redirection to HTTPS'],
    [unix(join(proxy.runtimeDir, 'admin.sock')), 'admin interface'],
    [unix(join(proxy.runtimeDir, 'hot_parent_0')), 'sockets'],
    [unix(join(proxy.runtimeDir, 'ads.sock')), 'server for Envoys'],
    [unix(`/proc/self/root/${proxy.runtimeDir}/admin.sock`), 'admin interface'],
    [unix(join(directory, 'admin.sock')), 'admin interface'],
    [unix(join(directory, 'other.sock')), 'sockets'],
    [unix(link), 'admin interface'],
  ]
  for (const [target, what] of cases) {
    const answer = await proxy.api('POST', '/a', { target })
    t.equal(answer.status, 400, target)
    t.match(await answer.text(), `it leads back to this proxy, to its ${what}`)
  }
  for (const target of [`http://127.0.0.2:${proxy.apiPort}`, `http://127.0.0.1:1`, unix(join(tmpdir(), 'user.sock'))]) {
    t.equal((await proxy.api('POST', '/a', { target })).status, 201, target)
  }
})

/** Why a proxy with these options refuses a target; '' if it takes it. */
async function refusal(args: readonly string[], target: string): Promise<string> {
  const read = targetReader(await readSettings(parseCommandLine(args, []).values, {}))
  try {
    read(target)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

/** The addresses that this machine has now. Another program may remove a network device at any time. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? [])
}

t.test('who listens on all addresses is found by each of them', async (t) => {
  const all = ownAddresses()
  for (const address of [...all, '127.0.0.1', '127.1.2.3', '::1', 'LOCALHOST', 'localhost.']) {
    const host = address.includes(':') ? `[${address}]` : address
    const found = await refusal(['--port', '8000'], `http://${host}:8000`)
    const isGone = all.includes(address) && !ownAddresses().includes(address)
    if (!isGone) t.match(found, 'its public address', host)
    t.equal(await refusal(['--port', '8000'], `http://${host}:8002`), '', 'another port')
  }
  t.equal(await refusal(['--port', '8000'], 'http://192.0.2.1:8000'), '', 'another machine')
  t.equal(await refusal(['--port', '8000'], 'http://hub:8000'), '', 'a name, which is not resolved')
  t.equal(await refusal(['--ip', '192.0.2.1', '--port', '8000'], 'http://127.0.0.1:8000'), '', 'another listener')
  t.match(await refusal(['--port', '80'], 'http://127.0.0.1/'), 'its public address', 'the port of the scheme')
})

t.test('sockets are found by other paths that lead to them', async (t) => {
  const args = [
    '--socket',
    '/run/p/public.sock',
    '--api-socket',
    '/run/p/api.sock',
    '--metrics-socket',
    '/run/p/m.sock',
  ]
  t.match(await refusal(args, 'http+unix://%2Frun%2Fp%2Fpublic.sock/x'), 'its public address')
  t.match(await refusal(args, 'unix+http://%2Frun%2F%2Fp%2Fapi.sock'), 'its REST API')
  t.match(await refusal(args, 'http+unix://%2Frun%2Fp%2Fm.sock'), 'its metrics')
  t.equal(await refusal(args, 'http+unix://%2Frun%2Fp%2Fuser.sock'), '')
  const external = ['--envoy-mode', 'external', '--xds-address', 'unix:/run/cep/ads.sock']
  t.match(await refusal(external, 'http+unix://%2Frun%2Fcep%2Fads.sock'), 'its server for Envoys')
  t.match(await refusal(external, 'http+unix://%2Frun%2Fcep%2Fadmin.sock'), 'its admin interface')
})

t.test('the default target and the error target are no exceptions', async (t) => {
  const directory = await temporaryDirectory(t)
  const ports = (await freePorts(2)) as [number, number]
  for (const flag of ['--default-target', '--error-target']) {
    const proxy = await ProxyProcess.spawn([flag, `http://127.0.0.1:${ports[0]}/x`], { runtimeBase: directory, ports })
    t.equal((await proxy.exit()).code, 1)
    t.match(
      proxy.output,
      new RegExp(`^error: ${flag}: Invalid target .* leads back to this proxy, to its public address$`, 'm'),
    )
  }
})
