import { open } from 'node:fs/promises'
import { DamagedFile } from './errors.js'

/** LMDB's two meta pages, of which each transaction writes the one that the last didn't. Positions from a page's start. */
const MAGIC = { at: 24, value: 0xbeefc0de } as const
const VERSION = { at: 28, value: 2 } as const
const PAGE_SIZE_AT = 48
const TRANSACTION_AT = 152
const META_BYTES = 160

/**
 * The number of the last transaction of an LMDB file. LMDB takes the meta page with the higher number; a damaged number
 * would make it go back to the transaction before, whose table is whole as well, so that nothing else would tell.
 *
 * @throws DamagedFile if it is no such file or the numbers can't be; an error of the system if it can't be read
 */
export async function lastTransaction(path: string): Promise<number> {
  const file = await open(path)
  try {
    const read = async (position: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(META_BYTES), 0, META_BYTES, position)
      if (bytesRead < META_BYTES) throw new DamagedFile('is cut off')
      if (buffer.readUInt32LE(MAGIC.at) !== MAGIC.value) throw new DamagedFile('is no LMDB file')
      if (buffer.readUInt32LE(VERSION.at) !== VERSION.value) throw new DamagedFile('is of another version of LMDB')
      return buffer
    }
    const first = await read(0)
    const second = await read(first.readUInt32LE(PAGE_SIZE_AT))
    const numbers = [first, second].map((meta) => meta.readBigUInt64LE(TRANSACTION_AT)) as [bigint, bigint]
    const [lower, higher] = numbers[0] < numbers[1] ? numbers : [numbers[1], numbers[0]]
    if (higher - lower !== 1n) throw new DamagedFile('lacks a change')
    return Number(higher)
  } finally {
    await file.close()
  }
}
