import { existsSync } from 'node:fs'
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Size } from '../../src/rehearse/verdict/sizing.js'

const ROOT = '/sys/fs/cgroup'
const PERIOD_US = 100_000
const MIB = 1024 * 1024

/** A place for a process and its children, which together have so many processors and so much memory. */
export interface Cgroup {
  /** Files that take the id of a process which is to be in it. */
  readonly members: readonly string[]
  /** How often the kernel has killed a process in it for want of memory. */
  outOfMemory(): Promise<number>
  /** Once all its processes have ended. */
  remove(): Promise<void>
}

/**
 * Makes one, as a container has it: by version 2 of the kernel's interface, or by version 1 where that is mounted. Needs root.
 *
 * @throws Error if this user, or this container, may not
 */
export async function makeCgroup(name: string, { cpus, memoryMib }: Size): Promise<Cgroup> {
  const quota = Math.round(cpus * PERIOD_US)
  const memory = memoryMib * MIB
  if (existsSync(`${ROOT}/cgroup.controllers`)) {
    const path = `${ROOT}/${name}`
    await writeFile(`${ROOT}/cgroup.subtree_control`, '+cpu +memory')
    await mkdir(path)
    await writeFile(`${path}/cpu.max`, `${quota} ${PERIOD_US}`)
    await writeFile(`${path}/memory.max`, String(memory))
    return cgroup([path], `${path}/memory.events`)
  }
  const [cpuPath, memoryPath] = [`${ROOT}/cpu/${name}`, `${ROOT}/memory/${name}`]
  await mkdir(cpuPath)
  await mkdir(memoryPath)
  await writeFile(`${cpuPath}/cpu.cfs_quota_us`, String(quota))
  await writeFile(`${memoryPath}/memory.limit_in_bytes`, String(memory))
  return cgroup([cpuPath, memoryPath], `${memoryPath}/memory.oom_control`)
}

function cgroup(paths: readonly string[], events: string): Cgroup {
  return {
    members: paths.map((path) => `${path}/cgroup.procs`),
    outOfMemory: async () => Number(/^oom_kill (\d+)/m.exec(await readFile(events, 'utf8'))?.[1] ?? 0),
    remove: async () => {
      for (const path of paths) await removed(path)
    },
  }
}

/** The kernel needs a moment after the last process has ended. */
async function removed(path: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await rmdir(path)
    } catch (error) {
      if (tries === 50) throw error
      await delay(100)
    }
  }
}
