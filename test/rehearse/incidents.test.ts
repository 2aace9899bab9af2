import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import type { Test } from 'tap'
import t from 'tap'
import { INCIDENTS, incidentNamed } from '../../src/rehearse/incidents/all.js'
import { BlackHole } from '../../src/rehearse/incidents/black-hole.js'
import { NotApplicableError } from '../../src/rehearse/incidents/incident.js'
import { planIncidents } from '../../src/rehearse/incidents/plan.js'
import { certificateFiles, makeCertificate } from '../../src/rehearse/target/certificate.js'
import { temporaryDirectory } from '../support/directory.js'
import { eventually } from '../support/wait.js'
import type { MadeUp, MadeUpWorld } from './made-up-world.js'
import { madeUpWorld } from './made-up-world.js'

/** Runs one in a world that is made up. */
async function run(name: string, made: MadeUp = {}): Promise<MadeUpWorld> {
  const world = madeUpWorld(made)
  const incident = incidentNamed(name)
  if (incident === undefined) throw new Error(`no ${name}`)
  await incident.run(world)
  return world
}

/** A port that takes connections, as that of a proxy. */
async function listening(t: Test): Promise<{ publicUrl: string; sockets: Socket[] }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket.on('error', () => {}).resume()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { publicUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets }
}

t.test('every incident says what it does, what users notice, and where it is from', async (t) => {
  for (const { name, description, noticed, source } of INCIDENTS) {
    t.match(name, /^[a-z]+(-[a-z0-9]+)*$/)
    for (const sentence of [description, noticed]) t.match(sentence, /^[A-Z].*\.$/, name)
    t.ok(source.length > 20, name)
  }
})

t.test('killed: the roles of its name, and only what was under way is excused', async (t) => {
  const { publicUrl } = await listening(t)
  const all = await run('proxy-killed', { publicUrl })
  t.match(all.deeds, [
    'kill proxy control-plane envoy helper',
    /killed control-plane 0, envoy 1/,
    /accepts connections/,
  ])
  t.strictSame(all.excused.size, 20)
  t.strictSame(all.stillExcused.size, 0)
  const envoy = await run('envoy-killed', { publicUrl })
  t.match(envoy.deeds[0], 'kill envoy')
  const control = await run('control-plane-killed')
  t.match(control.deeds[0], 'kill control-plane')
  t.strictSame(control.excused.size, 0, "users' traffic doesn't pass through it")
})

t.test("what a proxy doesn't have can't be killed", async (t) => {
  for (const name of ['envoy-killed', 'control-plane-killed']) {
    await t.rejects(run(name, { roles: ['proxy'] }), NotApplicableError, name)
  }
  await t.rejects(run('proxy-killed', { roles: [] }), /no process that can be seen/)
})

t.test('the table is lost with the disk, and the hub does not restart the proxy by itself', async (t) => {
  const { deeds, hub, excused, stillExcused } = await run('table-lost')
  t.match(deeds, [/^kill/, /did: killed/, 'disk lost', 'proxy started', /did/, /did/, 'hub checked', /did/])
  t.equal(hub?.restartsProxy, true, 'later it does again')
  t.strictSame([excused.size, stillExcused.size], [20, 0], 'what nobody can know until the hub looks is excused')
})

t.test('servers that hang, or whose node is gone, are of a part of the users, who alone are excused', async (t) => {
  const hangs = await run('server-hangs')
  t.match(hangs.deeds, ['hang 2', /2 servers hang/, 'resume 2', /again/])
  t.equal(hangs.excused.size, 2)
  const lost = await run('node-lost')
  const added = lost.deeds.filter((deed) => deed.startsWith('add '))
  t.strictSame(
    added.map((deed) => /http:\/\/(127.0.0.1|server)/.exec(deed)?.[1]),
    [...Array(4).fill('127.0.0.1'), ...Array(4).fill('server')],
  )
  t.equal(lost.excused.size, 4)
  t.equal(lost.stillExcused.size, 0)
})

t.test('half the users are culled, and all of them come back', async (t) => {
  const { deeds, users, excused } = await run('mass-cull')
  t.match(deeds.slice(0, 2), ['leave 10 politely', 'end 10'])
  t.equal(deeds.filter((deed) => deed.startsWith('remove ')).length, 10)
  t.equal(users.active().length, 20)
  t.equal(excused.size, 10)
})

t.test('2017: away for a time that is excused, with its disk, until the hub checks', async (t) => {
  const { deeds, stillExcused } = await run('core-2017')
  t.match(deeds, [/^kill/, /did: killed/, 'proxy started'])
  t.notMatch(deeds, ['disk lost'])
  t.equal(stillExcused.size, 0)
})

t.test('2024: users give up on busy servers, vanish and come back, and servers are replaced', async (t) => {
  const { publicUrl, sockets } = await listening(t)
  const { deeds, excused } = await run('core-2024', { publicUrl, users: 100, waits: 5 })
  t.match(deeds[0], 'hang 10')
  for (const what of [/^leave \d+ abruptly/, /^come \d+/, /^end 1$/, /^start 1$/, /^remove/, /^add/]) {
    t.ok(
      deeds.some((deed) => what.test(deed)),
      String(what),
    )
  }
  t.match(deeds.at(-1), /300 requests and websockets were given up/)
  t.ok(excused.size < 20, 'only those whose server is busy or replaced')
  await eventually(() => sockets.length > 0, 'they did ask')
})

t.test('a flood holds connections that never finish a request, and cuts others', async (t) => {
  const { publicUrl, sockets } = await listening(t)
  const { deeds, excused } = await run('flood-of-connections', { publicUrl, waits: 3 })
  t.match(deeds[0], /held \d+ of 300 connections, cut 30 others/)
  t.equal(excused.size, 0)
  await eventually(() => sockets.length > 0, 'connections came')
})

t.test('the hub restarts, and routes are dropped and added again', async (t) => {
  t.match((await run('hub-restarted')).deeds, ['hub stopped', /did/, 'hub started', /did/])
  t.match((await run('repopulate')).deeds, ['table dropped', /did/, 'repopulated', /added 20 routes/])
  const churn = await run('route-churn')
  t.equal(churn.deeds.filter((deed) => deed.startsWith('add /user/churn-')).length, 50)
  t.match(churn.deeds.at(-1), /changed routes 100 times/)
})

t.test('a certificate that is renewed is served, or the proxy is restarted for it', async (t) => {
  const directory = await temporaryDirectory(t)
  const certificate = certificateFiles(directory)
  await makeCertificate(certificate)
  const files = () => ({ key: readFileSync(certificate.keyFile), cert: readFileSync(certificate.certFile) })
  const server = createTlsServer(files(), (socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const publicUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}`

  const lazy = await run('certificate-renewed', {
    ...{ publicUrl, certificate },
    onDeed: (what) => {
      if (what.startsWith('killed')) server.setSecureContext(files())
    },
  })
  t.match(lazy.deeds, [/replaced/, /the old one still/, /^kill/, /did: killed/, /accepts/])
  t.equal(lazy.excused.size, 0, 'a proxy need not be restarted for this')
  const able = await run('certificate-renewed', {
    publicUrl,
    certificate,
    onDeed: () => server.setSecureContext(files()),
  })
  t.match(able.deeds, [/replaced/, /new connections get the new certificate/])
})

t.test('a black hole neither takes a connection nor refuses it', async (t) => {
  const hole = await BlackHole.open()
  const { hostname, port } = new URL(hole.url)
  const socket = connect(Number(port), hostname)
  const heard = Promise.race([
    once(socket, 'connect').then(() => 'connected'),
    once(socket, 'error').then(() => 'refused'),
    delay(500, 'nothing'),
  ])
  t.equal(await heard, 'nothing')
  socket.destroy()
  await hole.close()
})

t.test('when incidents happen', async (t) => {
  const times = { rampMs: 10_000, forMs: 110_000 }
  const at = (...asked: string[]) => planIncidents(asked, times).map(({ asked: one, atMs }) => [one, atMs])
  t.strictSame(at('envoy-killed', 'mass-cull'), [
    ['envoy-killed', 20_000],
    ['mass-cull', 70_000],
  ])
  t.strictSame(at('mass-cull', 'envoy-killed@30s', 'repopulate@1m'), [
    ['mass-cull', 30_000],
    ['envoy-killed@30s', 30_000],
    ['repopulate@1m', 60_000],
  ])
  t.throws(() => at('envoy-kiled'), /no incident 'envoy-kiled'. There are proxy-killed, /)
  t.throws(() => at('envoy-killed@soon'), /@90s/)
  t.throws(() => at('envoy-killed@2m'), /would begin after 120 s, but the rehearsal ends after 110 s/)
})
