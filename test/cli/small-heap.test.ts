import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { PLAIN_NODE } from '../support/environment.js'
import { CLI } from '../support/proxy.js'

const MEASURE = `data:text/javascript,${encodeURIComponent(`
  import { getHeapSpaceStatistics } from 'node:v8'
  const size = () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size
  process.on('exit', () => console.error(size()))
`)}`

t.test('loading the program does not make the space for new objects grow', async (t) => {
  const [command, ...before] = PLAIN_NODE
  const { stderr } = await promisify(execFile)(command, [...before, '--import', MEASURE, CLI, '--version'])
  // It begins with 2 MiB, and loading all modules with V8's own rule leaves 8 MiB or more.
  const mib = Number(stderr) / 1024 / 1024
  t.ok(mib > 0 && mib < 4, `${mib} MiB`)
})
