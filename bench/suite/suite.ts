import { setTimeout as delay } from 'node:timers/promises'
import type { Contender, RunningProxy } from '../contenders/contender.js'
import { median } from '../statistics.js'
import type { FreshWork, Scene, Stage, StandingWork, Values, Work } from '../works/work.js'
import { isStanding } from '../works/work.js'
import type { Failure, Sample } from './data.js'
import { valuesOf } from './data.js'

/** No single measurement may take longer. */
const PATIENCE_MS = 240_000

export interface SuiteInput {
  readonly contenders: readonly Contender[]
  readonly works: readonly Work[]
  /** What all works have in common. */
  readonly stage: Omit<Stage, 'contender' | 'seen'>
  /** Done with each proxy of a scene before it is measured. */
  readonly warmUp: (proxy: RunningProxy, scene: Scene) => Promise<void>
  readonly signal: AbortSignal
  /** Told before each measurement: what it is, and the number of those that are done and of all. */
  readonly progress: (what: string, done: number, all: number) => void
}

/** Measures all contenders at all works. A contender that fails at a work is left out of it, and the rest goes on. */
export class Suite {
  readonly #input: SuiteInput
  readonly samples: Sample[] = []
  readonly failures: Failure[] = []
  #done = 0

  constructor(input: SuiteInput) {
    this.#input = input
  }

  async run(): Promise<void> {
    for (const group of groupsOf(this.#input.works)) {
      if (this.#input.signal.aborted) return
      if ('fresh' in group) await this.#rounds(group.fresh, (stage) => group.fresh.measureFresh(stage))
      else await this.#standing(group.scene, group.standing)
    }
  }

  /** All contenders stand at the same time; one that isn't being measured takes next to nothing. */
  async #standing(scene: Scene, works: readonly StandingWork[]): Promise<void> {
    const running = new Map<Contender, RunningProxy>()
    try {
      for (const contender of this.#input.contenders) {
        const own = works.filter(({ contenders }) => contenders.includes(contender.name))
        const [first] = own
        if (first === undefined || this.#input.signal.aborted) continue
        this.#progress(`starting ${contender.title} with ${scene.users} routes`)
        const begun = await this.#attempt(own, contender, () => this.#begin(contender, scene))
        if (begun !== undefined) running.set(contender, begun)
      }
      for (const work of works) {
        await this.#rounds(work, (stage) => {
          const proxy = running.get(stage.contender)
          if (proxy === undefined) throw new Error('it could not be started')
          return work.measure(stage, proxy)
        })
      }
    } finally {
      for (const [contender, proxy] of running) await this.#attempt(works, contender, () => proxy.stop())
    }
  }

  async #begin(contender: Contender, scene: Scene): Promise<RunningProxy> {
    const proxy = await contender.start(this.#input.stage.setup(scene))
    try {
      await this.#input.warmUp(proxy, scene)
      return proxy
    } catch (error) {
      await proxy.stop()
      throw error
    }
  }

  /** The contenders take turns within a round, in an order that turns round too. */
  async #rounds(work: Work, measure: (stage: Stage) => Promise<Values>): Promise<void> {
    const { stage, contenders, signal } = this.#input
    const own = contenders.filter(({ name }) => work.contenders.includes(name))
    for (let round = 1; round <= stage.effort.rounds; round += 1) {
      for (const contender of round % 2 === 1 ? own : own.toReversed()) {
        if (signal.aborted) return
        this.#progress(`${work.name}, round ${round}: ${contender.title}`)
        this.#done += 1
        if (this.#hasFailed(work, contender)) continue
        const seen: Stage['seen'] = (...what) => {
          const values = [...valuesOf(this.samples, ...what).values()]
          return values.length === 0 ? undefined : median(values)
        }
        const values = await this.#attempt([work], contender, () => measure({ ...stage, contender, seen }))
        if (values !== undefined) this.samples.push({ work: work.name, contender: contender.name, round, values })
      }
    }
  }

  /** Undefined if it fails or takes too long, which then counts as a failure at these works. */
  async #attempt<T>(works: readonly Work[], contender: Contender, act: () => Promise<T>): Promise<T | undefined> {
    const limit = new AbortController()
    const tooLong = delay(PATIENCE_MS, undefined, { signal: limit.signal }).then(() => {
      throw new Error(`it took more than ${PATIENCE_MS / 1000} s`)
    })
    tooLong.catch(() => {})
    try {
      return await Promise.race([act(), tooLong])
    } catch (error) {
      for (const work of works.filter((work) => !this.#hasFailed(work, contender)))
        this.failures.push({ work: work.name, contender: contender.name, error: (error as Error).message })
      return undefined
    } finally {
      limit.abort()
    }
  }

  #hasFailed(work: Work, contender: Contender): boolean {
    return this.failures.some((failure) => failure.work === work.name && failure.contender === contender.name)
  }

  #progress(what: string): void {
    const { works, contenders, stage, progress } = this.#input
    const pairs = works.flatMap((work) => contenders.filter(({ name }) => work.contenders.includes(name)))
    progress(what, this.#done, pairs.length * stage.effort.rounds)
  }
}

type Group = { readonly scene: Scene; readonly standing: StandingWork[] } | { readonly fresh: FreshWork }

/** Works that follow one another in the same scene share its proxies. */
export function groupsOf(works: readonly Work[]): Group[] {
  const groups: Group[] = []
  for (const work of works) {
    const last = groups.at(-1)
    if (!isStanding(work)) groups.push({ fresh: work })
    else if (last !== undefined && 'standing' in last && isSame(last.scene, work.scene)) last.standing.push(work)
    else groups.push({ scene: work.scene, standing: [work] })
  }
  return groups
}

function isSame(one: Scene, other: Scene): boolean {
  const key = ({ users, tls = false, workers = 1 }: Scene) => `${users} ${tls} ${workers}`
  return key(one) === key(other)
}
