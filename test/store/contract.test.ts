import { pino } from 'pino'
import t from 'tap'
import { ChpModuleStore } from '../../src/store/chp/store.js'
import { LmdbStore } from '../../src/store/lmdb/store.js'
import { MemoryStore } from '../../src/store/memory.js'
import { JsonBackend } from '../support/chp-backend.js'
import { temporaryDirectory } from '../support/directory.js'
import type { Make } from './contract.js'
import { everyStore, lastingStore } from './contract.js'

/*
 * What every store promises (see RouteStore), shown of those that need no other program. A new store is added to FLEETING
 * or LASTING, or has a test of its own that calls the same functions.
 */

const log = pino({ level: 'silent' })

/** Stores that are empty whenever they are opened. */
const FLEETING: Readonly<Record<string, Make>> = {
  memory: async () => async () => new MemoryStore(),
}

const LASTING: Readonly<Record<string, Make>> = {
  lmdb: async (t) => {
    const directory = await temporaryDirectory(t)
    return () => LmdbStore.open(directory, log)
  },
  'a storage class of CHP': async () => {
    const backend = new JsonBackend()
    return async () => new ChpModuleStore('module', backend, log)
  },
}

for (const [name, make] of Object.entries({ ...FLEETING, ...LASTING })) everyStore(t, name, make)
for (const [name, make] of Object.entries(LASTING)) lastingStore(t, name, make)
