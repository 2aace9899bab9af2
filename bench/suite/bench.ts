import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Authority } from '../../test/support/certificate.js'
import { ALL_CONTENDERS } from '../contenders/all.js'
import type { Contender } from '../contenders/contender.js'
import { startBackends } from '../load/backends.js'
import { checkPrograms } from '../load/run.js'
import { allowedProcessors, describeMachine, keepTo } from '../machine/machine.js'
import { loadShare, proxyShare } from '../machine/shares.js'
import { held } from '../report/markdown.js'
import { ALL_WORKS } from '../works/all.js'
import { warmUp } from '../works/load.js'
import { LARGE, userPath } from '../works/paths.js'
import type { Stage } from '../works/work.js'
import { isStanding } from '../works/work.js'
import type { Choice } from './choice.js'
import { choose } from './choice.js'
import type { BenchData } from './data.js'
import type { Effort } from './effort.js'
import { FULL, QUICK } from './effort.js'
import { progressTo } from './progress.js'
import { Suite } from './suite.js'
import { writeReport } from './write.js'

export interface BenchOptions {
  readonly quick: boolean
  /** Names of contenders and of works; empty for all. */
  readonly only: readonly string[]
  /** Ends the run early, in order; what was measured is reported. */
  readonly signal: AbortSignal
}

/** Measures and writes the report. Resolves to the table of what must hold, and where the rest is. */
export async function bench({ quick, only, signal }: BenchOptions): Promise<string> {
  const effort = quick ? QUICK : FULL
  const works = ALL_WORKS.filter((work) => !isStanding(work) || work.scene.users <= effort.mostRoutes)
  const chosen = choose({ contenders: ALL_CONTENDERS, works }, only)
  await checkPrograms()
  const { present, missing } = await findVersions(chosen.contenders)
  const [startedAt, begun] = [new Date().toISOString(), performance.now()]
  const contenders = present.map(({ contender }) => contender)
  const { samples, failures } = await measure({ contenders, works: chosen.works }, effort, signal)
  const data: BenchData = {
    command: commandOf(quick, only),
    startedAt,
    seconds: (performance.now() - begun) / 1000,
    effort,
    machine: await describeMachine(),
    contenders: present.map(({ contender: { name, title }, version }) => ({ name, title, version })),
    missing: missing.map(({ title, install }) => ({ title, install })),
    samples,
    failures,
  }
  const file = await writeReport(data, { isComplete: !quick && only.length === 0 && !signal.aborted })
  return `${held(data)}\n\nThe report is in ${file}`
}

interface Present {
  readonly contender: Contender
  readonly version: string
}

async function findVersions(contenders: readonly Contender[]) {
  const present: Present[] = []
  const missing: Contender[] = []
  for (const contender of contenders) {
    const version = await contender.version()
    if (version === undefined) missing.push(contender)
    else present.push({ contender, version })
  }
  return { present, missing }
}

/** Makes what all work needs, does the work, and takes it away again. */
async function measure({ contenders, works }: Choice, effort: Effort, signal: AbortSignal): Promise<Suite> {
  const allowed = await allowedProcessors()
  await keepTo(loadShare(allowed))
  const directory = await mkdtemp(join(tmpdir(), 'cep-bench-'))
  const authority = await Authority.make()
  const backends = await startBackends()
  const setup: Stage['setup'] = ({ users, tls = false, workers = 1 }, more = []) => ({
    routes: [
      ...Array.from({ length: users }, (_, user) => ({ path: userPath(user), target: backends.small })),
      ...[{ path: LARGE, target: backends.large }, ...more],
    ],
    defaultTarget: backends.small,
    ...(tls && { certificate }),
    workers,
    processors: proxyShare(allowed, workers),
  })
  const certificate = await authority.issue()
  const progress = progressTo(process.stderr)
  const stage = { backends, certificate, effort, directory, setup }
  const suite = new Suite({ contenders, works, stage, warmUp, signal, progress })
  try {
    await suite.run()
    return suite
  } finally {
    await Promise.all([backends.stop(), authority.remove(), rm(directory, { recursive: true, force: true })])
  }
}

function commandOf(quick: boolean, only: readonly string[]): string {
  const options = [...(quick ? ['--quick'] : []), ...(only.length > 0 ? [`--only ${only.join(',')}`] : [])]
  return ['npm run bench', ...(options.length > 0 ? ['--', ...options] : [])].join(' ')
}
