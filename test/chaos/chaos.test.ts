import { randomInt } from 'node:crypto'
import t from 'tap'
import { effort } from '../support/effort.js'
import { Home } from '../support/home.js'
import { seededRandom } from '../support/random.js'
import { Backends } from './backends.js'
import { Chaos } from './chaos.js'
import { Load, STEADY } from './load.js'
import { Model } from './model.js'
import type { Step } from './script.js'
import { ROUTESPECS, script } from './script.js'

const SECONDS = effort('CEP_CHAOS_SECONDS')
const SEED = Number(process.env.CEP_CHAOS_SEED ?? randomInt(2 ** 31))
/** Routes that never change. */
const QUIET = Array.from({ length: 200 }, (_, index) => `/quiet/q${index}`)

t.setTimeout((SECONDS + 120) * 1000)

t.test(`whatever happens for ${SECONDS} s, every answer is one that it may be`, async (t) => {
  t.comment(`CEP_CHAOS_SEED=${SEED} does the same again`)
  const backends = await Backends.start()
  t.teardown(() => backends.stop())
  const home = await Home.make(t)
  const model = new Model()
  const proxy = await home.start()
  for (const routespec of [STEADY, ...QUIET]) {
    await proxy.route(routespec, backends.url('one'))
    model.change(routespec, 'one').done()
  }
  const load = new Load(proxy.port, model, seededRandom(SEED + 1), [
    ...ROUTESPECS,
    ...ROUTESPECS,
    ...QUIET.slice(0, 20),
  ])
  await load.start()
  t.teardown(() => load.stop())
  const chaos = new Chaos({ home, proxy, backends, model, load })
  const violations = () => [...chaos.violations, ...load.violations]

  const played: Step[] = []
  const end = performance.now() + SECONDS * 1000
  for (const step of script(seededRandom(SEED))) {
    if (performance.now() > end || violations().length > 0) break
    played.push(step)
    await chaos.play(step)
  }
  await load.websocketsAnswer()
  await load.stop()
  await chaos.checkTable()

  const kinds = new Map<string, number>()
  for (const { kind } of played) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  t.comment(`${played.length} steps: ${counts(kinds)}`)
  t.comment(`calls answered: ${counts(chaos.answers)}`)
  t.comment(`${load.requests} requests answered: ${counts(load.answers)}`)
  const outages = chaos.outages.sort((one, other) => one - other)
  t.comment(
    `Envoy was away ${outages.length} times, for at most ${outages.at(-1)?.toFixed()} ms (median ${outages[outages.length >> 1]?.toFixed()} ms)`,
  )
  if (violations().length > 0) t.comment(`after ${JSON.stringify(played.slice(-3))}`)
  t.strictSame(violations(), [], `CEP_CHAOS_SEED=${SEED}`)
  t.equal(kinds.size, 6, 'there was some of everything')
})

function counts(answers: ReadonlyMap<string, number>): string {
  return [...answers].map(([answer, count]) => `${count} ${answer}`).join(', ')
}
