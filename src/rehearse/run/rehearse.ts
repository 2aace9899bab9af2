import { cpus, release, totalmem, type } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { packageVersion } from '../../platform/package.js'
import { Histogram } from '../histogram.js'
import type { UserPlan } from '../load/schedule.js'
import { planUsers } from '../load/schedule.js'
import { ProcessWatch } from '../processes/watch.js'
import type { Rehearsal, RehearsalOptions } from '../record.js'
import { Tally } from '../tally/tally.js'
import { Crowd } from '../users/crowd.js'
import { GeneratorWatch, ownUtilization } from './generator.js'
import { Happenings } from './happenings.js'
import { hubSetting } from './hub-setting.js'
import { openFilesWarning } from './open-files.js'
import type { Setting } from './setting.js'
import { playedSetting } from './setting.js'
import type { Audience, Progress, RehearsalSettings } from './settings.js'

/** How long the proxy may take for its table at the end. */
const TABLE_MS = 10_000

/**
 * Rehearses: users come, work and see what they see, while incidents happen.
 *
 * @param over ends it early; what has been seen is reported nevertheless
 * @throws FatalError if it can't begin
 */
export async function rehearse(settings: RehearsalSettings, audience: Audience, over: AbortSignal): Promise<Rehearsal> {
  const plans = planUsers(settings)
  const setting = await settingFor(settings, plans, audience, over)
  try {
    audience.onNote(announcement(settings, setting))
    const warning = openFilesWarning(settings.users)
    if (warning !== undefined) audience.onNote(warning)
    return await new Run(settings, setting, plans, audience, over).run()
  } finally {
    await setting.close()
  }
}

async function settingFor(
  settings: RehearsalSettings,
  plans: readonly UserPlan[],
  audience: Audience,
  over: AbortSignal,
): Promise<Setting> {
  const { target } = settings
  const onTrouble = (what: string) => audience.onNote(`the hub: ${what}`)
  if (target.kind === 'hub') return hubSetting({ ...settings, target }, plans, onTrouble, over)
  return playedSetting({ ...settings, target }, plans, onTrouble, over)
}

function announcement({ users, profile, seed, rampMs, forMs }: RehearsalSettings, { description }: Setting): string {
  const { name, version, publicUrl } = description
  const course = `${users} users of profile ${profile} come within ${rampMs / 1_000} s, for ${forMs / 1_000} s in all`
  return `${[name, version ?? [], `at ${publicUrl}`].flat().join(' ')}: ${course} (seed ${seed})`
}

/** One rehearsal, once everything stands. */
class Run {
  readonly #settings: RehearsalSettings
  readonly #setting: Setting
  readonly #audience: Audience
  readonly #tally: Tally
  readonly #crowd: Crowd
  readonly #happenings: Happenings
  readonly #watch: ProcessWatch
  readonly #generator: GeneratorWatch
  readonly #ended = new AbortController()
  readonly #startedAt = performance.now()
  readonly #started = new Date().toISOString()
  #failures = 0
  #lost: string | undefined

  constructor(
    settings: RehearsalSettings,
    setting: Setting,
    plans: readonly UserPlan[],
    audience: Audience,
    over: AbortSignal,
  ) {
    const { site, origin, proxy, hub, servers } = setting
    this.#settings = settings
    this.#setting = setting
    this.#audience = audience
    const tally = new Tally(plans.map(({ user }) => site.name(user)))
    this.#tally = tally
    this.#crowd = new Crowd(settings, plans, { site, origin, tally, startedAt: this.#startedAt })
    if (over.aborted) this.#ended.abort()
    over.addEventListener('abort', () => this.#ended.abort())
    void setting.lost.then((why) => {
      this.#lost = why
      this.#ended.abort()
    })
    const now = () => this.#nowMs
    this.#happenings = new Happenings(
      { proxy, hub, servers, users: this.#crowd, over: this.#ended.signal },
      { seed: settings.seed, tally, now, onDeed: (what) => audience.onNote(what), refresh: () => setting.refresh() },
    )
    this.#watch = new ProcessWatch(() => proxy.processes(), now)
    this.#generator = new GeneratorWatch([ownUtilization, ...setting.threads])
  }

  async run(): Promise<Rehearsal> {
    this.#crowd.start()
    const happenings = this.#happenings.run(this.#settings.incidents)
    await this.#seconds()
    const durationMs = Math.round(this.#nowMs)
    const ended = this.#howItEnded()
    this.#ended.abort()
    await happenings
    const table = await this.#table()
    // What the users lack now, before they leave.
    const users = this.#tally.people.map((person) => person.record(durationMs))
    const processes = await this.#watch.close()
    const generator = this.#generator.record(this.#tally)
    await this.#crowd.stop()
    return { ...this.#head(), durationMs, ended, users, processes, generator, table, ...this.#counted() }
  }

  #howItEnded(): Rehearsal['ended'] {
    if (this.#lost !== undefined) return { failed: this.#lost }
    return this.#ended.signal.aborted ? 'interrupted' : 'complete'
  }

  /** Undefined if the proxy doesn't say, or takes too long: somebody may be waiting for the end. */
  async #table(): Promise<Rehearsal['table']> {
    const limit = new AbortController()
    const late = delay(TABLE_MS, undefined, { signal: limit.signal }).catch(() => undefined)
    const table = await Promise.race([this.#setting.table().catch(() => undefined), late])
    limit.abort()
    return table
  }

  /** Ends a second each second, until the time is over. */
  async #seconds(): Promise<void> {
    const { forMs } = this.#settings
    for (let second = 1; second * 1_000 <= forMs + 500; second += 1) {
      const isDue = await this.#until(Math.min(second * 1_000, forMs))
      // After a moment in which nothing ran, the seconds that were missed are empty.
      const { requests, latency, failures } = this.#tally.endSecond()
      this.#generator.sample()
      for (const count of Object.values(failures)) this.#failures += count
      this.#audience.onSecond(this.#progress(requests, Histogram.of(latency).quantile(0.99)))
      if (!isDue) return
    }
  }

  /** @returns false if it was ended before */
  #until(ms: number): Promise<boolean> {
    return delay(Math.max(0, ms - this.#nowMs), true, { signal: this.#ended.signal }).catch(() => false)
  }

  #progress(requests: number, p99: number): Progress {
    const { forMs, users } = this.#settings
    const { activeUsers, websocketsOpen: websockets } = this.#tally
    return { elapsedMs: this.#nowMs, forMs, users, activeUsers, websockets, requests, p99, failures: this.#failures }
  }

  #head() {
    const { target, users, profile, rampMs, forMs, seed, incidents } = this.#settings
    const mode = target.kind === 'hub' ? ('hub' as const) : ('proxy-only' as const)
    const asked = incidents.map((one) => one.asked)
    const options: RehearsalOptions = { mode, users, profile, rampMs, forMs, seed, incidents: asked }
    const machine = {
      cpus: cpus().length,
      memoryBytes: totalmem(),
      os: `${type()} ${release()}`,
      node: process.version,
    }
    const tool = { name: 'configurable-envoy-proxy', version: packageVersion() }
    return { tool, started: this.#started, options, proxy: this.#setting.description, machine }
  }

  #counted() {
    const { seconds, failures } = this.#tally
    return { seconds, acts: this.#tally.acts(), failures: failures.list(), incidents: this.#happenings.records() }
  }

  get #nowMs(): number {
    return performance.now() - this.#startedAt
  }
}
