import { fileURLToPath } from 'node:url'
import t from 'tap'

// Everything happens in a network of its own, which ends with the process.
t.setTimeout(20 * 60_000)
const asRoot = process.getuid?.() === 0
await t.spawn(
  'unshare',
  ['--net', process.execPath, fileURLToPath(new URL('processes.js', import.meta.url))],
  { skip: asRoot ? false : 'it takes root to make namespaces', env: process.env },
  'the chart, run as processes',
)
