// Reads an LMDB file and sends its entries to the parent process. See read-entries.ts.
import { open } from 'lmdb'
import { lmdbOptions } from './environment.js'
import type { ReaderMessage } from './read-entries.js'

const CHUNK = 500

function send(message: ReaderMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error)))
  })
}

async function read(path: string): Promise<void> {
  const database = open<Buffer, Buffer>({ ...lmdbOptions(path), readOnly: true })
  const { lastTxnId: transaction } = database.getStats() as { lastTxnId: number }
  let chunk: Array<[Buffer, Buffer]> = []
  for (const { key, value } of database.getRange()) {
    chunk.push([Buffer.from(key), Buffer.from(value)])
    if (chunk.length < CHUNK) continue
    await send({ entries: chunk })
    chunk = []
  }
  await send({ entries: chunk })
  await send({ transaction })
}

await read(process.argv[2] ?? '').catch((error: Error) => send({ failure: error.message }))
process.exit(0)
