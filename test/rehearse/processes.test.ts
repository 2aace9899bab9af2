import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { FiguresReader } from '../../src/rehearse/processes/figures.js'
import { ProcessFinder } from '../../src/rehearse/processes/finder.js'
import { listeningSockets } from '../../src/rehearse/processes/listeners.js'
import { roleOf } from '../../src/rehearse/processes/role.js'
import { ProcessWatch } from '../../src/rehearse/processes/watch.js'
import { PLAIN_NODE } from '../support/environment.js'

const VARIABLE = { name: 'CEP_REHEARSAL', value: `of-${process.pid}` }

/** Keeps 100 connections to itself, both ends, holds 40 MB and computes for as long as it is told. Says its port. */
const BUSY = `
const net = require('net')
const held = Buffer.alloc(40e6, 1)
const begun = process.cpuUsage().user
while (process.cpuUsage().user - begun < 1000 * (process.argv[1] ?? 0));
const server = net.createServer(() => {
  server.seen = (server.seen ?? 0) + 1
  if (server.seen === 100) process.stdout.write(server.address().port + '\\n')
}).listen(0, '127.0.0.1', () => {
  for (let i = 0; i < 100; i += 1) net.connect(server.address().port, '127.0.0.1')
})`

async function startBusy(args: readonly string[] = [], code = BUSY): Promise<{ child: ChildProcess; port: number }> {
  const [command, ...before] = PLAIN_NODE
  const env = { ...process.env, [VARIABLE.name]: VARIABLE.value }
  const child = spawn(command, [...before, '-e', code, '--', ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  return { child, port: Number(line) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function within5Percent(figure: number, truth: number): boolean {
  return truth > 0 && Math.abs(figure - truth) <= truth * 0.05
}

t.test("a process's figures are those of the operating system, within 5 %", async (t) => {
  const { child } = await startBusy(['500'])
  t.teardown(() => end(child))
  const pid = child.pid ?? 0
  const figures = new FiguresReader(pid).read()
  if (figures === undefined) throw new Error('no figures')
  const text = (args: string) => execFileSync('sh', ['-c', args]).toString()
  const rss = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
  t.ok(within5Percent(figures.rssBytes, rss), `memory: ${figures.rssBytes}, and ${rss}`)
  const { pssBytes = 0 } = figures
  t.ok(pssBytes > 40e6 && pssBytes <= figures.rssBytes)
  const sockets = text(`ss -Htanp | grep -c 'pid=${pid},'`)
  t.ok(within5Percent(figures.sockets, Number(sockets)), `sockets: ${figures.sockets}, and ${sockets}`)
  t.ok(within5Percent(figures.files, readdirSync(`/proc/${pid}/fd`).length))
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  const cpuMs = nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6
  t.ok(within5Percent(figures.cpuMs, cpuMs), `processor time: ${figures.cpuMs}, and ${cpuMs}`)
  t.equal(figures.threads, threads.length)
})

t.test('it sees connections that come and go, without counting each time what the files are', async (t) => {
  const { child } = await startBusy([], `${BUSY}; process.on('SIGUSR2', () => process.exit())`)
  t.teardown(() => end(child))
  const reader = new FiguresReader(child.pid ?? 0)
  const first = reader.read()
  const again = reader.read()
  t.same(again?.sockets, first?.sockets)
  t.ok(first && first.sockets >= 200 && first.sockets < 210, `${first?.sockets} sockets`)
  await end(child)
  t.equal(reader.read(), undefined)
})

t.test('processes are found by a variable that is passed on, and a port leads to who listens', async (t) => {
  const grandchild = `
    const child = require('child_process').spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
    child.on('spawn', () => process.stdout.write(child.pid + '\\n'))
    setInterval(() => {}, 1e6)`
  const { child, port: sleeper } = await startBusy([], grandchild)
  t.teardown(() => end(child))
  t.teardown(() => process.kill(sleeper))
  const finder = new ProcessFinder({ variable: VARIABLE })
  const pids = () =>
    finder
      .find()
      .map(({ pid }) => pid)
      .sort()
  t.strictSame(pids(), [child.pid, sleeper].sort())
  await end(child)
  t.strictSame(pids(), [sleeper], 'its child is known still')
  t.strictSame(new ProcessFinder({ variable: VARIABLE }).find().length, 1, 'and to who looks now')

  const busy = await startBusy()
  t.teardown(() => end(busy.child))
  const byPort = new ProcessFinder({ ports: [busy.port] })
  t.strictSame(
    byPort.find().map(({ pid }) => pid),
    [busy.child.pid],
  )
})

t.test('a watch samples all, each at its time, and remembers those that have ended', async (t) => {
  const { child } = await startBusy()
  t.teardown(() => end(child))
  let now = 0
  const finder = new ProcessFinder({ variable: VARIABLE })
  const watch = new ProcessWatch(
    async () => finder.find(),
    () => now,
  )
  await watch.sample()
  now = 1_000
  await watch.sample()
  await end(child)
  now = 2_000
  const [its] = (await watch.close()).filter(({ pid }) => pid === child.pid)
  t.strictSame(
    its?.samples.map(({ atMs }) => atMs),
    [0, 1_000],
  )
  t.match(its?.command, /node -e/)
})

t.test('what each process does is known by its arguments', async (t) => {
  const roles: ReadonlyArray<readonly [string, string]> = [
    ['node /usr/lib/node_modules/configurable-http-proxy/bin/configurable-http-proxy --port 8000', 'proxy'],
    ['node --max-old-space-size=64 /opt/x/build/src/cli/main.js --port 8000', 'control-plane'],
    ['node /usr/local/bin/configurable-envoy-proxy', 'control-plane'],
    ['/root/.cache/x/envoy-1.40.0/envoy --config-path /run/x.json', 'envoy'],
    ['/bin/sh -c SCRIPT configurable-envoy-proxy-guardian /run/x 60', 'helper'],
    ['sleep 1', 'helper'],
    ['', 'helper'],
  ]
  for (const [command, role] of roles) t.equal(roleOf(command.split(' ')), role, command)
})

t.test('sockets that listen on a port are read from the table of the kernel', async (t) => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000 100 0 0 10 0',
    '   1: 0100007F:1F40 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000 20 4 30 10 -1',
    '   2: 0100007F:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000 100 0 0 10 0',
  ].join('\n')
  t.strictSame(listeningSockets(table, [8000]), ['socket:[4711]'])
})
