import { existsSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { WebSocket } from 'ws'
import type { Explanation } from '../../src/operations/explain/explanation.js'
import { Backend } from '../support/backend.js'
import { Authority } from '../support/certificate.js'
import { temporaryDirectory } from '../support/directory.js'
import { limitFiles } from '../support/full-disk.js'
import { ask } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'
import { RawBackend } from '../support/raw.js'
import { eventually } from '../support/wait.js'
import type { Fault } from './planted.js'
import { FAULTS } from './planted.js'

const directory = await temporaryDirectory(t)
const log = join(directory, 'access.log')
const stateDir = join(directory, 'state')
const proxy = await ProxyProcess.start([
  ...['--access-log', log, '--workers', '1', '--max-requests-per-route', '1', '--proxy-timeout', '1500'],
  ...['--state-dir', stateDir],
])
const well = await Backend.start('well', (incoming, response) => {
  if (!incoming.url?.includes('never')) response.writeHead(302).end()
})
const [ssh, silent] = await Promise.all([RawBackend.start(), RawBackend.start()])
t.teardown(() => Promise.all([proxy, well, ssh, silent].map((one) => one.stop())))
ssh.reply = 'SSH-2.0-OpenSSH_9.9\r\n'
silent.reply = ''
const [dead = 0] = await freePorts(1)
const shown = new Set<Fault>()

async function called(path: string, asked: ProxyProcess): Promise<unknown> {
  const headers = { authorization: `token ${TOKEN}` }
  return (await fetch(`http://127.0.0.1:${asked.apiPort}${path}`, { headers })).json()
}

async function causes(path: string, asked: ProxyProcess): Promise<string[]> {
  const { findings } = (await called(`/api/explain?path=${encodeURIComponent(path)}`, asked)) as Explanation
  return findings.map(({ cause }) => cause)
}

interface Status {
  readonly verdict: { readonly findings: ReadonlyArray<{ readonly code: string }> }
  readonly events: ReadonlyArray<{ readonly kind: string }>
}

async function onStatusPage(asked: ProxyProcess): Promise<string[]> {
  const { verdict, events } = (await called('/api/status', asked)) as Status
  return [...verdict.findings.map(({ code }) => code), ...events.map(({ kind }) => kind)]
}

/** What the access log says of requests for a path: each failure with the status, such as `no_route 404`. */
function failuresOf(path: string, file = log): string[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
  const parsed = lines.map((line) => JSON.parse(line) as Readonly<Record<'path' | 'failure' | 'status', unknown>>)
  return parsed.filter((line) => line.path === path).map(({ failure, status }) => `${failure} ${status}`)
}

/** Expects that all of them name the fault that a user who asked for this path has met. */
async function names(fault: Fault, path: string, asked = proxy, file = log): Promise<void> {
  shown.add(fault)
  let [found, page]: [string[], string[]] = [[], []]
  await eventually(async () => {
    found = await causes(path, asked)
    return found.includes(fault.explain)
  }, `explain says ${fault.explain}`).catch(() => t.fail(`explain ${path}: ${found}, not ${fault.explain}`))
  await eventually(async () => {
    page = await onStatusPage(asked)
    return page.includes(fault.status)
  }, `the status page says ${fault.status}`).catch(() => t.fail(`status page: ${page}, not ${fault.status}`))
  if (fault.failure === undefined) return
  const wanted = `${fault.failure} ${fault.answered}`
  await eventually(() => failuresOf(path, file).includes(wanted), `the access log says ${wanted}`).catch(() =>
    t.fail(`access log ${path}: ${failuresOf(path, file)}, not ${wanted}`),
  )
}

/** A user meets a target, until the fault is on the status page. */
async function meets(fault: Fault, name: string, target: string): Promise<void> {
  await proxy.route(name, target)
  await ask(proxy.port, `${name}/lab?token=x`)
  await names(fault, `${name}/lab`)
}

t.test('a route that is missing', async () => {
  await ask(proxy.port, '/user/nobody/lab')
  await names(FAULTS.missing, '/user/nobody/lab')
  await proxy.route('/', well.url, { hub: true })
})

t.test('targets that refuse, hang, are another program, or have no address', async () => {
  await Promise.all([
    meets(FAULTS.refuses, '/user/refuses', `http://127.0.0.1:${dead}`),
    meets(FAULTS.hangs, '/user/hangs', silent.url),
    meets(FAULTS.wrongPort, '/user/ssh', ssh.url),
    meets(FAULTS.name, '/user/name', 'http://no-such-host.invalid:8888'),
  ])
})

t.test('a route that has as many requests as it may', async () => {
  await proxy.route('/user/full', well.url)
  const first = request({ port: proxy.port, host: '127.0.0.1', path: '/user/full/never' }).on('error', () => {})
  first.end()
  await eventually(async () => (await ask(proxy.port, '/user/full/lab')).status === 503, 'the route is full')
  await names(FAULTS.full, '/user/full/lab')
  first.destroy()
})

t.test('a route that Envoy refuses', async (t) => {
  const target = `http+unix://${encodeURIComponent(`/${'x'.repeat(120)}.sock`)}`
  t.equal((await proxy.api('POST', '/user/refused', { target })).status, 400)
  t.equal((await ask(proxy.port, '/user/refused/lab')).status, 302, 'the hub answers')
  await names(FAULTS.refused, '/user/refused/lab')
})

/** Resolves once it is open or refused. */
function openWebSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { rejectUnauthorized: false })
  return new Promise((resolve) => {
    socket.once('open', () => resolve(socket)).once('error', () => resolve(socket))
  })
}

t.test('a certificate that has expired, and a heap that is full', async (t) => {
  const authority = await Authority.make()
  const { keyFile, certFile } = await authority.expired()
  const file = join(directory, 'second.log')
  const other = await ProxyProcess.spawn([
    ...['--max-heap', '48', '--ssl-key', keyFile, '--ssl-cert', certFile, '--workers', '1', '--access-log', file],
  ])
  t.teardown(() => Promise.all([other.stop(), authority.remove()]))
  await eventually(() => other.output.includes('Proxying'), 'it serves')
  await other.route('/', well.url)
  const open: WebSocket[] = []
  t.teardown(() => open.forEach((socket) => void socket.terminate()))
  for (let turn = 0; turn < 200 && !failuresOf('/lab', file).includes('heap_full 503'); turn += 1) {
    open.push(
      ...(await Promise.all(Array.from({ length: 10 }, () => openWebSocket(`wss://127.0.0.1:${other.port}/lab`)))),
    )
  }
  await names(FAULTS.heap, '/lab', other, file)
  await names(FAULTS.certificate, '/lab', other, file)
})

t.test('a disk that is full', async () => {
  await limitFiles(proxy.child.pid, (await stat(join(stateDir, 'routes.mdb'))).size)
  let status = 201
  for (let count = 0; status === 201; count += 1) {
    status = (await proxy.api('POST', `/filler/${count}`, { target: well.url, more: 'x'.repeat(60_000) })).status
  }
  await proxy.api('POST', '/user/late', { target: well.url, more: 'x'.repeat(60_000) })
  await names(FAULTS.disk, '/user/late/lab')
  await limitFiles(proxy.child.pid, 'unlimited')
})

/** It may have ended since it was found. */
function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

t.test('a hub that is down, and an Envoy that restarts', async () => {
  await proxy.route('/', `http://127.0.0.1:${dead}`, { hub: true })
  await ask(proxy.port, '/hub/login')
  await names(FAULTS.hub, '/hub/login')
  // One that is killed once would be back before all have been asked.
  let isNamed = false
  const killing = (async () => {
    for (; !isNamed; await delay(20)) {
      for (const { pid } of await proxy.envoys()) killed(pid)
    }
  })()
  await names(FAULTS.restarting, '/hub/login')
  isNamed = true
  await killing
})

t.test('all faults of the table were planted', async (t) => {
  t.strictSame(
    [...shown].map(({ what }) => what).sort(),
    Object.values(FAULTS)
      .map(({ what }) => what)
      .sort(),
  )
  t.equal(shown.size, 12)
})
