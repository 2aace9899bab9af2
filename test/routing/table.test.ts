import fc from 'fast-check'
import t from 'tap'
import type { Rollback, RoutePublisher } from '../../src/routing/publisher.js'
import type { RoutePublication } from '../../src/routing/route.js'
import type { RouteChange } from '../../src/routing/store.js'
import { RouteTable } from '../../src/routing/table.js'
import { parseTarget } from '../../src/routing/target.js'

/** An Envoy and a store that do as they are told, after a turn or two of the event loop, or fail. */
class World implements RoutePublisher {
  readonly served = new Map<string, string>()
  readonly stored = new Map<string, string>()
  /** What the coming calls do, in turn; fine when there is nothing left. */
  readonly fates: Array<'envoy fails' | 'store fails' | 'fine'> = []
  readonly #busy = new Set<string>()
  readonly #writing = new Set<string>()
  overlaps = 0
  #storeFails = false

  async prepare(): Promise<void> {}

  async publish({ key, target }: RoutePublication): Promise<Rollback> {
    const port = 'port' in target.address ? String(target.address.port) : ''
    return this.#change(key, () => this.served.set(key, port))
  }

  async withdraw(key: string): Promise<Rollback> {
    return this.#change(key, () => this.served.delete(key))
  }

  async settle(): Promise<void> {}

  refusals(): ReadonlyMap<string, string> {
    return new Map()
  }

  refusalOf(): undefined {}

  async #change(key: string, apply: () => void): Promise<Rollback> {
    const fate = this.fates.shift() ?? 'fine'
    await this.#turn(key)
    if (fate === 'envoy fails') throw new Error('Envoy')
    this.#storeFails = fate === 'store fails'
    const before = this.served.get(key)
    apply()
    return async () => {
      if (before === undefined) this.served.delete(key)
      else this.served.set(key, before)
      await this.#turn(key)
    }
  }

  async #turn(key: string): Promise<void> {
    if (this.#busy.has(key)) this.overlaps += 1
    this.#busy.add(key)
    await new Promise(setImmediate)
    this.#busy.delete(key)
  }

  async #write(routespec: string, apply: () => void): Promise<void> {
    const fails = this.#storeFails
    if (this.#writing.has(routespec)) this.overlaps += 1
    this.#writing.add(routespec)
    await new Promise(setImmediate)
    this.#writing.delete(routespec)
    if (fails) throw new Error('disk')
    apply()
  }

  table(): RouteTable {
    return new RouteTable({
      publisher: this,
      readTarget: parseTarget,
      store: {
        load: async () => [],
        fill: async () => {},
        write: async ({ before, after }: RouteChange) => {
          await this.#write(after?.routespec ?? before ?? '', () => {
            if (before !== undefined) this.stored.delete(before)
            if (after !== undefined) this.stored.set(after.routespec, after.data.target)
          })
          return 1n
        },
        storeActivity: () => new Promise(setImmediate),
        close: async () => {},
      },
      hostRouting: false,
      now: () => new Date(0),
    })
  }
}

t.test('changes to one route never overlap and take effect in order', async (t) => {
  const world = new World()
  const table = world.table()
  const changes = Array.from({ length: 9 }, (_, index) =>
    index % 3 === 1 ? table.delete('/a') : table.put('/a', { target: `http://h:${index + 1}` }),
  )
  await Promise.all(changes)
  t.equal(world.overlaps, 0)
  t.strictSame(Object.fromEntries(world.served), { '/a': '9' })
  t.equal(table.get('/a')?.data.target, 'http://h:9')
})

t.test('activity moves a route on in time, never back, and makes none', async (t) => {
  const table = new World().table()
  await table.put('/a', { target: 'http://h:1', user: 'alice' })
  const added = table.get('/a')?.lastActivity ?? new Date(Number.NaN)
  const later = new Date(added.getTime() + 1000)
  table.touch('/a', later)
  table.touch('/a', added)
  table.touch('/gone', later)
  t.equal(table.size, 1)
  t.strictSame(table.get('/a')?.data, { target: 'http://h:1', user: 'alice' })
  t.strictSame(table.get('/a')?.lastActivity, later)
})

t.test('whatever fails, the table, the store and Envoy agree on what was answered with success', async () => {
  const step = fc.record({
    route: fc.constantFrom('/a', '/b'),
    port: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    fate: fc.constantFrom('fine' as const, 'envoy fails' as const, 'store fails' as const),
    /** Activity is stored so many turns of the event loop after the change was asked for. */
    activityAfter: fc.option(fc.nat(2), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const world = new World()
      const table = world.table()
      const expected = new Map<string, string>()
      for (const { route, port, fate, activityAfter } of steps) {
        world.fates.splice(0, world.fates.length, fate)
        const change =
          port === undefined ? table.delete(route) : table.put(route, { target: `http://h:${port}` }).then(() => true)
        const storing = async () => {
          if (activityAfter === undefined) return
          for (let turn = 0; turn < activityAfter; turn += 1) await new Promise(setImmediate)
          await table.storeActivity(new Date(0))
        }
        const [done] = await Promise.all([change.catch(() => false), storing().catch(() => {})])
        if (done && port !== undefined) expected.set(route, String(port))
        else if (done) expected.delete(route)
      }
      const shown = [...table.all()].map((route): [string, string] => [route.routespec, route.data.target.slice(9)])
      const stored = [...world.stored].map(([routespec, target]): [string, string] => [routespec, target.slice(9)])
      const same = (entries: Iterable<[string, string]>) =>
        JSON.stringify([...entries].sort()) === JSON.stringify([...expected].sort())
      return same(shown) && same(stored) && same(world.served) && world.overlaps === 0
    }),
  )
})
