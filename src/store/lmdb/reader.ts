// Reads an LMDB file and tells its parent what is in it. See read-entries.ts.
import { open } from 'lmdb'
import { lmdbOptions } from './environment.js'
import type { ReaderMessage } from './read-entries.js'

const CHUNK = 500

function tell(message: ReaderMessage): Promise<void> {
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
    await tell({ entries: chunk })
    chunk = []
  }
  await tell({ entries: chunk })
  await tell({ transaction })
}

await read(process.argv[2] ?? '').catch((error: Error) => tell({ failure: error.message }))
process.exit(0)
