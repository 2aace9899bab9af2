import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import type { Route } from '../../src/routing/route.js'
import { ActivityFile } from '../../src/store/lmdb/activity-file.js'
import { LmdbStore } from '../../src/store/lmdb/store.js'
import { temporaryDirectory } from '../support/directory.js'
import { put, remove } from '../support/store.js'

const AT = Date.parse('2026-01-02T03:04:05.678Z')
const ALL = new Date(0)

function route(routespec: string, at = AT): Route {
  return { routespec, data: { target: 'http://127.0.0.1:1' }, lastActivity: new Date(at) }
}

class Rig {
  readonly path: string
  readonly warnings: string[] = []

  constructor(directory: string) {
    this.path = join(directory, 'activity.jsonl')
  }

  async open(): Promise<[file: ActivityFile, times: Record<string, number>]> {
    const log = pino({ level: 'warn' }, { write: (line) => void this.warnings.push(JSON.parse(line).msg) })
    const [file, times] = await ActivityFile.open(this.path, log)
    return [file, Object.fromEntries(times)]
  }

  async lines(): Promise<string[]> {
    return (await readFile(this.path, 'utf8')).trimEnd().split('\n')
  }
}

t.test('only what was active since is written, and the latest of a route counts', async (t) => {
  const rig = new Rig(await temporaryDirectory(t))
  const [file] = await rig.open()
  await file.store([route('/a'), route('/b', AT + 1), route('/c', AT + 2)], new Date(AT + 1))
  await file.store([route('/a'), route('/b', AT + 5), route('/c', AT + 2)], new Date(AT + 3))
  t.strictSame(await rig.lines(), [`["/b",${AT + 1}]`, `["/c",${AT + 2}]`, `["/b",${AT + 5}]`])
  t.strictSame((await rig.open())[1], { '/b': AT + 5, '/c': AT + 2 })
  await file.store([route('/a')], new Date(AT + 3))
  t.equal((await rig.lines()).length, 3, 'nothing for nothing')
})

t.test('what was being written when the process ended is left out, and spoils nothing that comes later', async (t) => {
  const rig = new Rig(await temporaryDirectory(t))
  await writeFile(rig.path, `["/a",${AT}]\n["/user/秀樹",${AT}]\n["/b",${String(AT).slice(0, 5)}`)
  const [file, times] = await rig.open()
  t.strictSame(times, { '/a': AT, '/user/秀樹': AT })
  t.strictSame(rig.warnings, [])
  await file.store([route('/a', AT + 1), route('/b', AT + 1)], ALL)
  t.strictSame((await rig.open())[1], { '/a': AT + 1, '/b': AT + 1 }, 'it has all that there are')
})

t.test('damaged lines are left out with a warning, and are gone with the next write', async (t) => {
  const rig = new Rig(await temporaryDirectory(t))
  const tomorrow = Date.now() + 86_400_000
  const lines = [
    `["/a",${AT}]`,
    'x',
    '[]',
    'null',
    '["/b"]',
    `[1,${AT}]`,
    `["/c",${tomorrow}]`,
    '["/d",9e99]',
    '["/e","1"]',
  ]
  await writeFile(rig.path, `${lines.join('\n')}\n`)
  const [file, times] = await rig.open()
  t.strictSame(times, { '/a': AT })
  t.match(rig.warnings, [/activity\.jsonl: left out 8 damaged lines, so last_activity of some routes may be older/])
  await file.store([route('/a', AT + 1)], ALL)
  t.strictSame(await rig.lines(), [`["/a",${AT + 1}]`])
})

t.test('it is written anew when it has grown', async (t) => {
  const rig = new Rig(await temporaryDirectory(t))
  const [file] = await rig.open()
  const routes = (at: number) => Array.from({ length: 3_000 }, (_, index) => route(`/user/${index}`, at))
  const lengths: number[] = []
  for (let pass = 0; pass < 7; pass += 1) {
    await file.store(routes(AT + pass), ALL)
    lengths.push((await rig.lines()).length)
  }
  t.strictSame(lengths, [3_000, 6_000, 9_000, 12_000, 15_000, 3_000, 6_000])
  const times = Object.values((await rig.open())[1])
  t.ok(times.length === 3_000 && times.every((at) => at === AT + 6))
})

t.test('a store without it, or with one that can not be read, has the times of the records', async (t) => {
  const directory = await temporaryDirectory(t)
  const rig = new Rig(directory)
  const log = pino({ level: 'warn' }, { write: (line) => void rig.warnings.push(JSON.parse(line).msg) })
  const store = await LmdbStore.open(directory, log)
  await put(store, route('/a'))
  await put(store, route('/b'))
  await store.close()
  await appendFile(rig.path, Buffer.from([0xff, 0xfe, 0x0a, 0x00, 0x0a]))
  const next = await LmdbStore.open(directory, log)
  t.teardown(() => next.close())
  t.strictSame(
    (await next.load()).map(({ lastActivity }) => lastActivity.getTime()),
    [AT, AT],
  )
  t.equal(rig.warnings.length, 1)
})

t.test('it goes with the routes', async (t) => {
  const base = await temporaryDirectory(t)
  const directory = join(base, 'state')
  await mkdir(directory)
  const store = await LmdbStore.open(directory, pino({ level: 'silent' }), true)
  await put(store, route('/a'))
  await store.storeActivity([route('/a', AT + 1)], ALL)
  t.ok((await readdir(directory)).includes('activity.jsonl'))
  await remove(store, '/a')
  await store.close()
  t.strictSame(await readdir(base), [])
})
