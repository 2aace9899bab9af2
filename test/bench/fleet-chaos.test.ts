import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { temporaryDirectory } from '../support/directory.js'
import { PLAIN_NODE } from '../support/environment.js'
import { without } from '../support/installed.js'
import { withoutMounts } from '../support/name-service.js'
import { processesWith } from '../support/processes.js'
import { eventually } from '../support/wait.js'

const BENCH = fileURLToPath(new URL('../../bench/main.js', import.meta.url))
const SMALL = ['--members', '1', '--envoys', '1', '--routes', '1', '--writes', '5']

const skip = withoutMounts() || (await without('etcd', 'etcd-server')) || (await without('ip', 'iproute2'))

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  t.test(`fleet-chaos that is ended by ${signal} leaves no process behind`, { skip }, async (t) => {
    const directory = await temporaryDirectory(t)
    const [program, ...before] = PLAIN_NODE
    const child = spawn(program, [...before, BENCH, 'fleet-chaos', ...SMALL], {
      env: { ...process.env, TMPDIR: directory },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    const started = () => processesWith(`TMPDIR=${directory}`)
    await eventually(() => output.includes('1 routes'), 'all runs', 60_000)
    t.ok((await started()).length > 5)
    const exited = once(child, 'exit')
    child.kill(signal)
    const [code] = await exited
    t.not(code, 0)
    await eventually(async () => (await started()).length === 0, 'all that it has started has ended')
    t.strictSame(await readdir(directory), [], 'and its files are gone')
  })
}
