import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { open } from 'lmdb'
import { pino } from 'pino'
import t from 'tap'
import { lmdbOptions } from '../../src/store/lmdb/environment.js'
import { readRoutes } from '../../src/store/lmdb/read-routes.js'
import { SUMMARY_KEY } from '../../src/store/lmdb/records.js'
import { LmdbStore } from '../../src/store/lmdb/store.js'
import { temporaryDirectory } from '../support/directory.js'
import { ProxyProcess } from '../support/proxy.js'

const log = pino({ level: 'silent' })
const ADVICE = /It was not changed\. .*move it away.*--storage-backend memory/
const PAGE = 4096

/** A file that has seen some changes, and the targets that it ends with. */
async function makeFile(directory: string): Promise<{ file: string; targets: Map<string, string> }> {
  const store = await LmdbStore.open(directory, log)
  const targets = new Map<string, string>()
  for (let turn = 0; turn < 150; turn += 1) {
    const routespec = `/user/u${turn % 60}`
    if (turn % 7 === 3) {
      await store.write({ key: routespec, before: routespec, after: undefined })
      targets.delete(routespec)
    } else {
      const target = `http://127.0.0.1:${turn + 1}`
      const data = { target, more: 'x'.repeat(turn % 20 === 0 ? 9_000 : turn) }
      const after = { routespec, data, lastActivity: new Date(turn) }
      await store.write({ key: routespec, before: undefined, after })
      targets.set(routespec, target)
    }
  }
  await store.close()
  return { file: join(directory, 'routes.mdb'), targets }
}

t.test('a file that is cut off or damaged anywhere is read rightly or refused, never changed', async (t) => {
  const directory = await temporaryDirectory(t)
  const { file, targets } = await makeFile(directory)
  const good = await readFile(file)
  const end = good.findLastIndex((byte) => byte !== 0)
  const position = fc.integer({ min: 0, max: end })
  const page = fc.integer({ min: 0, max: Math.floor(end / PAGE) })
  const bit = fc.record({ at: position, bit: fc.nat(7) })
  const damage = fc.oneof(
    fc.record({ length: position }),
    fc.record({ flips: fc.array(bit, { minLength: 1, maxLength: 20 }) }),
    fc.record({
      flips: fc.array(fc.record({ at: fc.integer({ max: 160, min: 0 }), bit: fc.nat(7) }), {
        minLength: 1,
        maxLength: 1,
      }),
      page: fc.nat(1),
    }),
    fc.record({ zeros: page }),
    fc.record({ from: page, to: page }),
  )
  const outcomes = { right: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(damage, async (how) => {
      let bad = Buffer.from(good)
      if ('length' in how) bad = bad.subarray(0, how.length)
      if ('zeros' in how) bad.fill(0, how.zeros * PAGE, (how.zeros + 1) * PAGE)
      if ('from' in how) good.copy(bad, how.to * PAGE, how.from * PAGE, (how.from + 1) * PAGE)
      if ('flips' in how) {
        const start = 'page' in how ? how.page * PAGE : 0
        for (const { at, bit } of how.flips) bad.writeUInt8(bad.readUInt8(start + at) ^ (1 << bit), start + at)
      }
      await writeFile(file, bad)
      try {
        const { routes } = await readRoutes(file)
        const found = routes.map(({ routespec, data }) => [routespec, data.target] as const)
        if (found.length !== targets.size || found.some(([name, target]) => targets.get(name) !== target)) {
          throw new Error('a wrong table')
        }
        outcomes.right += 1
      } catch (error) {
        if ((error as Error).name !== 'FatalError' || !ADVICE.test((error as Error).message)) throw error
        outcomes.refused += 1
      }
      if (!bad.equals(await readFile(file))) throw new Error('the file was changed')
    }),
    { numRuns: 30 },
  )
  t.ok(outcomes.right > 0 && outcomes.refused > 0, `both happen: ${JSON.stringify(outcomes)}`)
})

t.test('every kind of wrong file is told apart, and stays', async (t) => {
  const directory = await temporaryDirectory(t)
  const { file } = await makeFile(directory)
  const good = `${file}.good`
  await copyFile(file, good)
  const database = (change: (opened: ReturnType<typeof open<Buffer, Buffer>>) => unknown) => async () => {
    const opened = open<Buffer, Buffer>(lmdbOptions(file))
    await opened.transaction(() => change(opened))
    await opened.close()
  }
  const summary = (fields: object) =>
    database((opened) => {
      const found = JSON.parse(opened.get(SUMMARY_KEY)?.toString() ?? '')
      const transaction = found.transaction + 1
      opened.put(SUMMARY_KEY, Buffer.from(JSON.stringify({ ...found, transaction, ...fields })))
    })
  /** Sets the number of a meta page's transaction. */
  const renumber = (page: (newest: number) => number, by: bigint) => async () => {
    const content = await readFile(file)
    const numbers = [content.readBigUInt64LE(152), content.readBigUInt64LE(PAGE + 152)]
    const at = page(Number(numbers[0] ?? 0n) > Number(numbers[1] ?? 0n) ? 0 : 1) * PAGE + 152
    content.writeBigUInt64LE(content.readBigUInt64LE(at) + by, at)
    await writeFile(file, content)
  }
  const cases: Array<[what: string, make: () => Promise<unknown>, message: RegExp]> = [
    ['empty', () => writeFile(file, ''), /is cut off/],
    [
      'short',
      async () => writeFile(file, (await readFile(good)).subarray(0, 5 * PAGE)),
      /is damaged: LMDB can't read it/,
    ],
    ['text', () => writeFile(file, 'routes: none\n'.repeat(5_000)), /is not an LMDB file/],
    ["someone else's", database((opened) => opened.clearSync()), /is an LMDB file, but not a table of routes/],
    [
      'newer',
      summary({ format: 2, routes: undefined, sum: 7 }),
      /is of a newer version \(its format is 2, known here is 1\)/,
    ],
    ['one route too few', database((opened) => opened.remove([...opened.getKeys()][0] as Buffer)), /lacks a change/],
    ['count', summary({ routes: 1_000 }), /it has \d+ of 1000 routes/],
    ['sum', summary({ sum: 'abc' }), /some routes are not the latest/],
    [
      'summary',
      database((opened) => opened.put(SUMMARY_KEY, Buffer.from('{"format":"x"}'))),
      /its summary has no format/,
    ],
    ['summary of another kind', database((opened) => opened.put(SUMMARY_KEY, Buffer.from('x'))), /is damaged: /],
    // Without a look at both numbers LMDB would take the table before the last change.
    ['newest meta page set back', renumber((newest) => newest, -3n), /lacks a change/],
    ['older meta page set forward', renumber((newest) => 1 - newest, 2n), /lacks a change/],
    [
      'directory',
      async () => {
        await rm(file)
        await mkdir(file)
      },
      /can't be read: EISDIR/,
    ],
  ]
  for (const [what, make, message] of cases) {
    await rm(file, { recursive: true })
    await copyFile(good, file)
    await make()
    const before = await readFile(file).catch(() => undefined)
    await t.rejects(LmdbStore.open(directory, log), { name: 'FatalError', message }, what)
    t.strictSame(await readFile(file).catch(() => undefined), before, `${what}: untouched`)
  }
})

t.test('the proxy ends with one line, and starts with another directory or the memory backend', async (t) => {
  const stateDir = await temporaryDirectory(t)
  const file = join(stateDir, 'routes.mdb')
  await writeFile(file, 'precious')
  const refused = await ProxyProcess.spawn(['--state-dir', stateDir])
  t.teardown(() => refused.stop())
  t.strictSame(await refused.exit(), { code: 1, signal: null })
  t.match(refused.output, /^error: \S+routes\.mdb is cut off\. It was not changed\. [^\n]+\n$/)
  t.equal(await readFile(file, 'utf8'), 'precious')
  const started = await ProxyProcess.start(['--state-dir', stateDir, '--storage-backend', 'memory'])
  t.teardown(() => started.stop())
  t.equal(await readFile(file, 'utf8'), 'precious')
})
