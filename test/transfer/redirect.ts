// Run by redirect.test.ts, in a network namespace of its own.
import { execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import t from 'tap'
import { Network, NODE_IP } from '../helm/network.js'
import { Backend } from '../support/backend.js'
import { ChpProcess } from '../support/chp.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'
import { apiOf, command } from './command.js'
import type { Seen } from './far-users.js'

const USERS = fileURLToPath(new URL('far-users.js', import.meta.url))
const PATH = '/user/ann'
const EVERYWHERE = ['--ip', '0.0.0.0']

/** The rules of docs/moving.md. */
const RULE =
  'PREROUTING --protocol tcp --syn --dport 8000 --match addrtype --dst-type LOCAL --jump REDIRECT --to-ports 8100'
const STAY = 'PREROUTING --protocol tcp --dport 8000 --jump ACCEPT'

const iptables = (action: '--append' | '--insert' | '--delete', rule: string) =>
  promisify(execFile)('iptables', ['--table', 'nat', action, ...rule.split(' ')])

/** Starts a proxy that has the routes of another, but for our user's: that one leads to a server whose name tells who serves. */
async function beside(t: Test, from: { apiPort: number }, ports: readonly [number, number], name: string) {
  const proxy = await ProxyProcess.start(EVERYWHERE, { ports })
  t.teardown(() => proxy.stop())
  const taken = await command(['import', '--from', apiOf(from), '--to', apiOf(proxy)])
  t.equal(taken.code, 0, taken.output)
  await proxy.route(PATH, await serverNamed(t, name))
  return proxy
}

async function serverNamed(t: Test, name: string): Promise<string> {
  const backend = await Backend.start(name)
  t.teardown(() => backend.stop())
  return backend.url
}

t.test(
  'a rule of the kernel moves new connections alone, to another port and back',
  { timeout: 120_000 },
  async (t) => {
    const network = await Network.create()
    const chp = await ChpProcess.start(EVERYWHERE, { ports: [8000, 8001] })
    t.teardown(() => chp.stop())
    const added = await chp.api('POST', PATH, { target: await serverNamed(t, 'at CHP') })
    t.equal(added.status, 201)

    const far = await network.addPod()
    t.teardown(() => far.remove())
    const at = `http://${NODE_IP}:8000${PATH}`
    const users = spawn('nsenter', ['--target', String(far.pid), '--net', process.execPath, USERS, at], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    t.teardown(() => users.kill())
    let seen: Seen = { fresh: '', kept: '', rounds: 0, failures: [] }
    createInterface(users.stdout).on('line', (line) => {
      seen = JSON.parse(line)
    })
    /** Waits until users see this for some time. */
    const see = async (fresh: string, kept: string) => {
      await eventually(
        () => seen.failures.length > 0 || (seen.fresh === fresh && seen.kept === kept),
        `${fresh}, ${kept}`,
      )
      const enough = seen.rounds + 50
      await eventually(() => seen.failures.length > 0 || seen.rounds > enough, 'they go on')
      t.strictSame(seen, { ...seen, fresh, kept, failures: [] }, `new connections are ${fresh}, old ones ${kept}`)
    }
    await see('at CHP', 'at CHP')

    const proxy = await beside(t, chp, [8100, 8101], 'at the new one')
    await iptables('--append', RULE)
    await see('at the new one', 'at CHP')
    const local = (await (await fetch(`http://127.0.0.1:8000${PATH}`)).json()) as { name: string }
    t.equal(local.name, 'at CHP', "the machine's own connections are not redirected")
    users.stdin.write('connect anew\n')
    await see('at the new one', 'at the new one')
    await chp.stop()
    await see('at the new one', 'at the new one')

    await beside(t, proxy, [8000, 8001], 'at port 8000')
    await iptables('--insert', STAY)
    await see('at port 8000', 'at the new one')
    users.stdin.write('connect anew\n')
    await see('at port 8000', 'at port 8000')
    await proxy.stop()
    for (const rule of [RULE, STAY]) await iptables('--delete', rule)
    await see('at port 8000', 'at port 8000')
  },
)

t.end()
