import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { admin } from '../support/admin.js'
import { DnsServer } from '../support/dns-server.js'
import { Home, kill } from '../support/home.js'
import { ask } from '../support/http.js'
import { NameService, withoutMounts } from '../support/name-service.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

const skip = withoutMounts()

/**
 * From the first request that fails to the first that reaches the new address. About 5 s on a machine that isn't busy.
 */
const CHANGE_LIMIT_MS = 20_000

/** In which a route by name may be answered for that nothing holds up; far from any time limit of a resolver. */
const SOON_MS = 4_000

t.test('routes lead where the names of their targets lead', { skip }, async (t) => {
  const names = await NameService.start()
  const [one, two] = [await names.site(1), await names.site(2)]
  t.teardown(async () => {
    for (const each of [one, two]) await each.close()
    await names.close()
  })
  const proxy = await ProxyProcess.start([], { before: names.before })
  t.teardown(() => proxy.stop())
  const { server } = names
  let slow: Promise<void>[] = []
  const target = (host: string) => `http://${host}:${one.port}`
  const body = async (path: string) => (await ask(proxy.port, path)).body
  const status = async (path: string) => (await ask(proxy.port, path)).status
  /** Adds a route and returns what the very next request got, and how long the POST took. */
  const added = async (path: string, host: string) => {
    const begun = performance.now()
    await proxy.route(path, target(host))
    const ms = performance.now() - begun
    const { status, body } = await ask(proxy.port, path)
    return { ms, status, body }
  }

  await t.test('many routes to one name ask for it together, and no more while it is good', async (t) => {
    server.set('shared.example', { a: [one.address], ttl: 300 })
    const paths = Array.from({ length: 30 }, (_none, index) => `/shared/${index}`)
    await Promise.all(paths.map((path) => proxy.route(path, target('shared.example'))))
    for (const path of paths) t.equal(await body(path), one.address)
    t.ok(server.asked('shared.example', 'a') <= 3, `asked ${server.asked('shared.example', 'a')} times`)
  })

  await t.test('a name that moves is found again, and a websocket to its old place lives on', async (t) => {
    const old = await names.site(3)
    t.teardown(() => old.close())
    server.set('moves.example', { a: [old.address], ttl: 300 })
    t.match(await added('/moves', 'moves.example'), { body: old.address })
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/moves`)
    await once(socket, 'open')
    server.set('moves.example', { a: [two.address], ttl: 300 })
    old.stopListening()
    await eventually(async () => (await body('/moves')) === two.address, 'the new place answers', CHANGE_LIMIT_MS)
    socket.send('still there?')
    const [answer] = await once(socket, 'message')
    t.equal(String(answer), old.address)
    socket.terminate()
  })

  await t.test('a name that is not there yet works soon after it is', async (t) => {
    const { status: before, ms } = await added('/later', 'later.example')
    t.equal(before, 503)
    t.ok(ms < SOON_MS, `${ms} ms`)
    server.set('later.example', { a: [one.address] })
    await eventually(async () => (await status('/later')) === 200, 'it is served', CHANGE_LIMIT_MS)
  })

  await t.test('a name that name servers lose, or fail to tell, keeps the addresses that it had', async (t) => {
    server.set('lost.example', { a: [one.address], ttl: 1 })
    t.match(await added('/lost', 'lost.example'), { body: one.address })
    server.set('lost.example', { fails: 'SERVFAIL' })
    t.match(await added('/lost', 'lost.example'), { body: one.address })
    server.names.delete('lost.example')
    t.match(await added('/lost', 'lost.example'), { body: one.address })
    server.set('lost.example', { a: [two.address] })
    t.match(await added('/lost', 'lost.example'), { body: two.address }, 'and takes those that it has now')
  })

  await t.test('one address or one family that is dead does no harm', async (t) => {
    server.set('half.example', { a: [names.address(9), one.address] })
    t.match(await added('/half', 'half.example'), { body: one.address })
    server.set('old.example', { a: [one.address], aaaa: ['::9'], silent: 'aaaa' })
    const { ms, ...answer } = await added('/old', 'old.example')
    t.match(answer, { body: one.address })
    t.ok(ms < SOON_MS, `${ms} ms`)
  })

  await t.test('names that nobody answers for hold up no other', async (t) => {
    server.set('good.example', { a: [one.address] })
    const hung = Array.from({ length: 20 }, (_none, index) => `hung-${index}.example`)
    for (const name of hung) server.set(name, { silent: 'both' })
    slow = hung.map((name, index) => proxy.route(`/hung/${index}`, target(name)))
    await eventually(() => hung.every((name) => server.asked(name) > 0), 'all are asked for')
    const { ms, ...answer } = await added('/good', 'good.example')
    t.match(answer, { body: one.address })
    t.ok(ms < SOON_MS, `${ms} ms`)
  })

  await t.test('a line that was just added to /etc/hosts counts, and goes on counting', async (t) => {
    await names.hosts(`${one.address} extra`)
    const { ms, ...answer } = await added('/extra', 'extra')
    t.match(answer, { body: one.address })
    t.ok(ms < SOON_MS, `${ms} ms`)
    for (let index = 0; index < 50; index += 1) t.equal(await body('/extra'), one.address)
    t.equal(server.asked('extra'), 0)
    await names.hosts(`${two.address} extra`)
    t.match(await added('/extra', 'extra'), { body: two.address })
  })

  await t.test('a short name is searched for once, and then asked for under its full name', async (t) => {
    await names.resolvConf(['search a.test b.test c.test', 'options ndots:5'])
    server.set('short.name.b.test', { a: [one.address] })
    t.match(await added('/short', 'short.name'), { body: one.address })
    t.match(await added('/short', 'short.name'), { body: one.address })
    t.equal(server.asked('short.name.a.test', 'a'), 1)
    t.ok(server.asked('short.name.b.test', 'a') >= 2)
    t.equal(server.asked('short.name.c.test'), 0)
    t.equal(server.asked('short.name'), 0)
  })

  await t.test(
    'with no name server old routes are served and new ones not held up for long, until there is another',
    async (t) => {
      server.set('before.example', { a: [one.address] })
      t.match(await added('/before', 'before.example'), { body: one.address })
      server.dead = true
      await added('/first', 'first.example')
      const begun = performance.now()
      for (const name of ['p', 'q', 'r']) t.equal((await added(`/${name}`, `${name}.example`)).status, 503)
      t.ok(performance.now() - begun < 3 * SOON_MS)
      t.match(await added('/before', 'before.example'), { body: one.address })
      const other = await DnsServer.start(names.address(54))
      t.teardown(() => other.close())
      other.set('p.example', { a: [one.address] })
      await names.resolvConf([], [names.address(54)])
      await eventually(async () => (await status('/p')) === 200, 'it is served', CHANGE_LIMIT_MS)
      server.dead = false
      await names.resolvConf()
    },
  )

  await t.test('a name server that is slow and loses questions is good enough', async (t) => {
    server.delayMs = 3_000
    server.losesEvery = 5
    const hosts = Array.from({ length: 20 }, (_none, index) => `slow-${index}.example`)
    for (const name of hosts) server.set(name, { a: [one.address] })
    const answers = await Promise.all(hosts.map((name, index) => added(`/slow/${index}`, name)))
    t.strictSame(
      answers.map(({ body }) => body),
      hosts.map(() => one.address),
    )
    server.delayMs = 0
    server.losesEvery = 0
  })
  await t.test('routes to names that nobody answered for were added all the same', async () => {
    await Promise.all(slow)
  })
})

t.test('addresses outlive the control plane, Envoy and the name servers', { skip }, async (t) => {
  const names = await NameService.start()
  const site = await names.site(1)
  t.teardown(async () => {
    await site.close()
    await names.close()
  })
  const home = await Home.make(t, names.before)
  const paths = ['/a', '/b', '/c']
  const served = async (proxy: ProxyProcess) => {
    for (const path of paths) t.equal((await ask(proxy.port, path)).body, site.address)
  }
  await names.resolvConf(['search one.test two.test', 'options ndots:5'])
  const first = await home.start()
  for (const path of paths) {
    names.server.set(`host.${path.slice(1)}.two.test`, { a: [site.address], ttl: 300 })
    await first.route(path, `http://host.${path.slice(1)}:${site.port}`)
  }
  await eventually(async () => {
    const kept = await readFile(join(home.stateDir, 'addresses.json'), 'utf8').catch(() => '')
    return paths.every((path) => kept.includes(`host.${path.slice(1)}`))
  }, 'they are written down')
  names.server.dead = true
  const askedFor = (path: string) => names.server.asked(`host.${path.slice(1)}.two.test`)
  await kill(first)

  const second = await home.start()
  await served(second)
  t.match(await admin(second, '/stats?filter=cluster_manager.cluster_modified'), /: 0\n/, 'Envoy was sent nothing')
  await eventually(
    () => paths.every((path) => askedFor(path) > 1),
    'they are asked for again, whatever their time to live',
  )
  await served(second)

  const envoy = await second.envoyPid()
  await kill(second)
  process.kill(envoy, 'SIGKILL')
  const third = await home.start()
  t.not(await third.envoyPid(), envoy)
  await served(third)

  names.server.dead = false
  await third.route('/a', `http://host.a:${site.port}`)
  t.ok(names.server.asked('host.a.two.test', 'a') > 1)
  t.equal(names.server.asked('host.a.one.test', 'a'), 1, 'it is not searched for again')

  await kill(third)
  await writeFile(join(home.stateDir, 'addresses.json'), '{"host.a":{"addresses":["evil"],"until":1}}')
  const fourth = await home.start()
  t.match(fourth.output, /warn: .*addresses\.json can't be read, so all host names are resolved again/)
  await served(fourth)
})
