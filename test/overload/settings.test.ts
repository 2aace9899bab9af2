import t from 'tap'
import { readLimits } from '../../src/settings/limits.js'

const GIB = 1024 ** 3
const options = { maxRequestsPerRoute: 2_000, requestTimeout: 3_600 }
const container = { memory: GIB, isMemoryOurs: true, maxOpenFiles: 1_048_576 }

t.test('the heap gets a share of the memory, less where it is that of the whole machine', async (t) => {
  t.equal(readLimits(options, container).maxHeapBytes, Math.floor(0.6 * GIB))
  t.equal(readLimits(options, { ...container, isMemoryOurs: false }).maxHeapBytes, 0.25 * GIB)
  t.equal(readLimits({ ...options, maxHeap: 100 }, container).maxHeapBytes, 100 * 1024 * 1024)
})

t.test('connections are no more than there are open files for, with a warning if more are asked for', async (t) => {
  const small = { ...container, maxOpenFiles: 4_096 }
  t.equal(readLimits(options, container).maxConnections, 10_000)
  t.match(readLimits(options, small), { maxConnections: 1_948, warnings: [] })
  t.match(readLimits({ ...options, maxConnections: 1_948 }, small).warnings, [])
  t.match(readLimits({ ...options, maxConnections: 3_000 }, small), {
    maxConnections: 3_000,
    warnings: ['--max-connections 3000 may need 6200 open files, but 4096 are allowed: raise the limit (ulimit -n)'],
  })
})

t.test('more memory allows more connections by default, since a browser has up to seven of them', async (t) => {
  t.equal(readLimits(options, { ...container, memory: 4 * GIB }).maxConnections, 39_321)
  t.equal(
    readLimits({ ...options, maxHeap: 1_024 }, container).maxConnections,
    16_384,
    'the heap counts, however it was chosen',
  )
  t.equal(
    readLimits({ ...options, maxHeap: 100 }, container).maxConnections,
    10_000,
    'they are no fewer than in a small container',
  )
  t.equal(readLimits({ ...options, maxConnections: 12 }, { ...container, memory: 4 * GIB }).maxConnections, 12)
})
