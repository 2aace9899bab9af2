import t from 'tap'
import type { ChpBackend } from '../../src/store/chp/backend.js'
import { ChpModuleStore } from '../../src/store/chp/store.js'
import { turns } from './clock.js'
import { World } from './world.js'

const [OLD, NEW] = ['http://127.0.0.1:1', 'http://127.0.0.1:2']

/** A storage class of CHP whose server may be away, slow or full. */
class Backend implements ChpBackend {
  readonly stored = new Map<string, { target?: string }>()
  /** What each call is met by: it fails, or it waits for {@link release} to be made after all. */
  fate: 'works' | 'hangs' | 'fails' | 'fails half-way' = 'works'
  readonly #waiting: Array<() => void> = []

  async getAll(): Promise<Record<string, object>> {
    return Object.fromEntries(this.stored)
  }

  async add(path: string, data: object): Promise<void> {
    await this.#call(() => this.stored.set(path, data))
  }

  async update(path: string, data: object): Promise<void> {
    if (this.fate === 'fails half-way') throw new Error('the connection is lost')
    await this.#call(() => this.stored.set(path, { ...this.stored.get(path), ...data }))
  }

  async remove(path: string): Promise<void> {
    await this.#call(() => this.stored.delete(path))
  }

  /** What hangs is made now. */
  release(): void {
    this.fate = 'works'
    for (const make of this.#waiting.splice(0)) make()
  }

  target(path: string): string | undefined {
    return this.stored.get(path)?.target
  }

  async #call(make: () => unknown): Promise<void> {
    if (this.fate === 'fails') throw new Error('the disk is full')
    if (this.fate === 'hangs') await new Promise<void>((resolve) => this.#waiting.push(resolve))
    make()
  }
}

async function start(t: { teardown(fn: () => unknown): unknown }) {
  const backend = new Backend()
  const world = await World.start(t, { openStore: (clock, log) => new ChpModuleStore('module', backend, log, clock) })
  const envoy = await world.envoy()
  await world.post('/a', OLD).answered
  return { backend, world, envoy }
}

t.test('a storage class that does not answer fails the change, which is not made later either', async (t) => {
  const { backend, world, envoy } = await start(t)
  backend.fate = 'hangs'
  const [changed, added, removed] = [world.post('/a', NEW), world.post('/b', NEW), world.delete('/a')]
  await world.clock.pass(15_000)
  for (const call of [changed, added, removed]) {
    t.match(call.answer, { status: 507, body: /could not be stored: no answer within 5 s/ })
  }
  t.match(await world.get('/a'), { target: OLD })
  t.strictSame([envoy.target('/a'), envoy.target('/b')], ['127.0.0.1:1', undefined])
  t.ok(world.log.some((line) => /warn: --storage-backend module: the stored route \/a may be wrong/.test(line)))

  backend.release()
  await world.clock.pass(60_000)
  t.strictSame([backend.target('/a'), backend.target('/b')], [OLD, undefined], 'it has what was answered')
  t.equal((await world.post('/a', NEW).answered).status, 201)
  await world.clock.pass(120_000)
  t.equal(backend.target('/a'), NEW, 'and what is answered now')
})

t.test('what is made long after the next change was answered does not stay', async (t) => {
  const { backend, world } = await start(t)
  backend.fate = 'hangs'
  const late = world.delete('/a')
  await world.clock.pass(5_000)
  t.equal((await late.answered).status, 507)
  backend.fate = 'works'
  const next = world.post('/a', NEW)
  await world.clock.pass(5_000)
  t.equal(next.answer?.status, 201)
  await world.clock.pass(60_000)
  backend.release()
  await turns()
  await world.clock.pass(60_000)
  t.equal(backend.target('/a'), NEW)
})

t.test('of a change that fails half-way nothing stays', async (t) => {
  const { backend, world, envoy } = await start(t)
  backend.fate = 'fails half-way'
  t.match(await world.post('/a', NEW).answered, { status: 507, body: /the connection is lost/ })
  t.equal((await world.post('/b', NEW).answered).status, 507)
  backend.fate = 'works'
  await world.clock.pass(60_000)
  t.strictSame([backend.target('/a'), backend.target('/b')], [OLD, undefined])
  t.equal(envoy.target('/a'), '127.0.0.1:1')
})
