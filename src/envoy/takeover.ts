import { readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { FatalError } from '../errors.js'
import type { Logger } from '../log.js'
import type { RuntimeDir } from './runtime-dir.js'

const POLL_MS = 20
const STOP_LIMIT_MS = 2_000

/**
 * Makes the runtime directory ours: refuses if another control plane lives in it, and ends the Envoy of one that was
 * killed, which has kept serving until now and holds the port.
 */
export async function takeOver(dir: RuntimeDir, log: Logger): Promise<void> {
  if (await accepts(dir.adsSocket)) {
    throw new FatalError(`Another configurable-envoy-proxy serves this address already (its files are in ${dir.path}).`)
  }
  const pid = await orphanOf(dir)
  if (pid !== undefined) {
    log.warn(`Ending Envoy ${pid}, which an earlier control plane left behind`)
    await endProcess(pid)
  }
  await Promise.all([dir.adsSocket, dir.adminSocket].map((socket) => rm(socket, { force: true })))
}

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** The recorded process, if it is still the one that was started from this directory. */
async function orphanOf(dir: RuntimeDir): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(dir.envoyPidFile, 'utf8'))
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    return commandLine.split('\0').includes(dir.bootstrapFile) ? pid : undefined
  } catch {
    return undefined
  }
}

async function endProcess(pid: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!send(pid, signal)) return
    for (let waited = 0; waited < STOP_LIMIT_MS; waited += POLL_MS) {
      await delay(POLL_MS)
      if (!send(pid, 0)) return
    }
  }
  throw new FatalError(`Process ${pid}, an Envoy that holds the port, can't be ended. End it by hand.`)
}

/** False if there is no such process any longer. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
