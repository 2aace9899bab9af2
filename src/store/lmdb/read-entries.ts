import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { reserveLockFile } from './environment.js'
import { DamagedFile } from './errors.js'
import type { Entry } from './records.js'

/** A message of the reader: entries in key order, at the end the number of their last transaction, or a failure. */
export type ReaderMessage =
  | { readonly entries: ReadonlyArray<readonly [key: Uint8Array, value: Uint8Array]> }
  | { readonly transaction: number }
  | { readonly failure: string }

const READER = fileURLToPath(new URL('reader.js', import.meta.url))

/** How long the reader may be silent: with a damaged file LMDB may loop; a busy machine may be slow. */
const SILENCE_LIMIT_MS = 60_000

/** Signals that end a program which follows a damaged pointer. Other signals come from outside. */
const CRASHES: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGILL', 'SIGFPE', 'SIGTRAP'])

/**
 * All entries of an LMDB file, read in a process of its own: LMDB reads through a memory map, so a damaged file can
 * crash the process that reads it.
 *
 * @throws DamagedFile if it can't be read to the end; an error of the system if the reader can't be started
 */
export async function readEntries(path: string): Promise<{ entries: Entry[]; transaction: number }> {
  await reserveLockFile(path)
  const reader = fork(READER, [path], {
    serialization: 'advanced',
    execArgv: [],
    // Options of this Node.js process are not meant for the reader.
    env: { ...process.env, NODE_OPTIONS: undefined },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const entries: Entry[] = []
  let transaction: number | undefined
  let damage: DamagedFile | undefined
  const give = (reason: string) => {
    damage ??= new DamagedFile(reason)
    reader.kill('SIGKILL')
  }
  const silence = setTimeout(
    () => give("can't be read to the end: LMDB does not respond for a minute"),
    SILENCE_LIMIT_MS,
  )
  reader.on('message', (message: ReaderMessage) => {
    silence.refresh()
    if ('transaction' in message) transaction = message.transaction
    else if ('failure' in message) give(`is damaged: LMDB can't read it (${message.failure})`)
    else if (!append(entries, message.entries)) give('is damaged: its entries are out of order')
  })
  try {
    const [code, signal] = await ended(reader)
    if (damage !== undefined) throw damage
    if (code === 0 && transaction !== undefined) return { entries, transaction }
    if (signal !== null && CRASHES.has(signal)) throw new DamagedFile("is damaged: LMDB can't read it")
    throw new Error(`the process that reads it ended with ${signal ?? `status ${code}`}`)
  } finally {
    clearTimeout(silence)
  }
}

/** False if the keys are not in order. */
function append(entries: Entry[], added: ReadonlyArray<readonly [Uint8Array, Uint8Array]>): boolean {
  for (const [key, value] of added) {
    const last = entries.at(-1)
    if (last !== undefined && Buffer.compare(last.key, key) >= 0) return false
    entries.push({ key: Buffer.from(key), value: Buffer.from(value) })
  }
  return true
}

function ended(child: ReturnType<typeof fork>): Promise<[code: number | null, signal: string | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    // Emitted when its last messages have been read, which may be after its end.
    child.once('close', (code, signal) => resolve([code, signal]))
  })
}
