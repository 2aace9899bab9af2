import { pino } from 'pino'
import t from 'tap'
import { persistActivity } from '../../src/activity/persist.js'
import { Home } from '../support/home.js'
import { ask } from '../support/http.js'
import { eventually } from '../support/wait.js'
import { lastActivity, untilActive } from './watch.js'

t.test('when routes were last active is there again after an orderly stop', async (t) => {
  const home = await Home.make(t)
  const first = await home.start()
  for (const path of ['/user/used', '/user/idle', '/user/gone'])
    await first.route(path, home.backend.url, { user: 'x' })
  const added = await lastActivity(first)
  for (const path of ['/user/used', '/user/gone']) await ask(first.port, path)
  await untilActive(first, ['/user/used', '/user/gone'], added)
  t.equal((await first.api('DELETE', '/user/gone')).status, 204)
  const before = await (await first.api('GET', '')).json()
  first.child.kill('SIGTERM')
  t.strictSame(await first.exit(), { code: 0, signal: null })

  const second = await home.start()
  t.strictSame(await (await second.api('GET', '')).json(), before)
  t.ok(((await lastActivity(second)).get('/user/used') ?? '') > (added.get('/user/used') ?? ''))
  t.equal((await lastActivity(second)).get('/user/idle'), added.get('/user/idle'))
})

t.test('it is stored again and again, what failed is tried again, and nothing is after the end', async (t) => {
  const lines: string[] = []
  const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) })
  const asked: Date[] = []
  let fails = false
  const store = async (since: Date) => {
    asked.push(since)
    if (fails) throw new Error('the disk is full')
  }
  const end = persistActivity({ store, everyMs: 5, log })
  const passes = async (count: number) => {
    const before = asked.length
    await eventually(() => asked.length >= before + count, 'it is stored')
  }
  await passes(3)
  t.ok(asked.every((since, index) => index === 0 || since >= (asked[index - 1] ?? since)))
  t.ok((asked.at(-1) ?? 0) > (asked[0] ?? 0), 'only what is new')
  t.strictSame(lines, [])

  fails = true
  await passes(3)
  t.strictSame(asked.at(-1), asked.at(-2), 'all of it once more')
  t.match(lines.at(-1), /Could not store last_activity, will retry: the disk is full/)

  fails = false
  await passes(2)
  const before = asked.length
  await end()
  t.ok(asked.length > before, 'once at the end')
  const after = asked.length
  let others = 0
  const count = async () => {
    others += 1
  }
  const endOther = persistActivity({ store: count, everyMs: 5, log })
  await eventually(() => others > 3, 'another has gone on')
  await endOther()
  t.equal(asked.length, after)
})

t.test('a store that does not answer holds up no end', async (t) => {
  const end = persistActivity({ store: () => new Promise(() => {}), everyMs: 60_000, log: pino({ level: 'silent' }) })
  const begun = performance.now()
  await end()
  t.ok(performance.now() - begun < 15_000)
})
