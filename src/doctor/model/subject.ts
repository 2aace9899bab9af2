import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { findEnvoys } from '../../data-plane/embedded/adoption.js'
import { ownerOf } from '../../data-plane/embedded/claim.js'
import type { RuntimeDir } from '../../data-plane/embedded/runtime-dir.js'
import { locateRuntimeDir } from '../../data-plane/embedded/runtime-dir.js'
import { publicAddressOf } from '../../platform/address.js'
import { FatalError } from '../../platform/fatal-error.js'
import type { ProcessIdentity } from '../../platform/processes.js'
import { holderOf } from '../../platform/processes.js'
import type { Options, Sections } from '../../settings/settings.js'
import { readSections } from '../../settings/settings.js'
import { LOCK_FILE } from '../../store/directory/lock.js'
import type { StateDirKey } from '../../store/directory/state-dir.js'
import { possibleStateDirs } from '../../store/directory/state-dir.js'

/** The proxy that runs with the options, as far as its processes are there. */
export interface Running {
  /** Undefined if it has died, or Envoys are external and it can't be found. */
  readonly controlPlane: number | undefined
  /** Its Envoys, the one that serves last. */
  readonly envoys: readonly number[]
}

/** What is examined: a start with these options, or the proxy that runs with them. */
export interface Subject {
  readonly values: Options
  readonly env: NodeJS.ProcessEnv
  readonly sections: Sections
  /** Undefined if the options that decide it can't be used. */
  readonly dir: RuntimeDir | undefined
  readonly running: Running
  /** Undefined if the options that decide it can't be used. */
  readonly stateDir: StateDirKey | undefined
}

/** Reads the options and looks for what runs with them. */
export async function subjectOf(values: Options, env: NodeJS.ProcessEnv): Promise<Subject> {
  const sections = await readSections(values, env)
  const { public: at, store } = sections
  if (at instanceof FatalError || store instanceof FatalError) {
    const running = { controlPlane: undefined, envoys: [] }
    return { values, env, sections, dir: undefined, stateDir: undefined, running }
  }
  const publicAddress = publicAddressOf(at)
  const dir = locateRuntimeDir({ stateDir: store.stateDir, publicAddress }, env)
  const stateDir = { explicit: store.stateDir, publicAddress, env }
  return {
    values,
    env,
    sections,
    dir,
    stateDir,
    running: await runningIn(dir, stateDir, values.envoyMode === 'external'),
  }
}

async function runningIn(dir: RuntimeDir, key: StateDirKey, isExternal: boolean): Promise<Running> {
  // A control plane of external Envoys has no runtime directory, but locks its state directory.
  const controlPlane = ownerOf(dir) ?? (isExternal ? await lockerOf(key) : undefined)
  return { controlPlane: controlPlane?.pid, envoys: findEnvoys(dir).flatMap(({ pid }) => pid ?? []) }
}

async function lockerOf(key: StateDirKey): Promise<ProcessIdentity | undefined> {
  const locks = (await possibleStateDirs(key)).flatMap((path) => realPathOf(join(path, LOCK_FILE)) ?? [])
  return locks.map(holderOf).find((holder) => holder !== undefined)
}

/** Undefined if there is no such file. */
function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/** The processes that hold what the proxy needs, if it runs. */
export function processesOf({ running: { controlPlane, envoys } }: Subject): number[] {
  return [...(controlPlane === undefined ? [] : [controlPlane]), ...envoys]
}

/** Whether the control plane runs. */
export function isRunning({ running }: Subject): boolean {
  return running.controlPlane !== undefined
}
