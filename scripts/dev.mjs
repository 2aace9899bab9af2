// `npm run dev -- OPTIONS`: the proxy from a clone. After each change of the source that compiles, the control plane is
// killed and restarted. Envoy keeps serving meanwhile, and the new control plane adopts it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root, setUp, tool } from './setup.mjs'

/** What tsc says when it is done, for now. */
const COMPILED = /Found (\d+) errors?\. Watching/

await setUp()
const compiler = spawn(tool('tsc'), ['--watch', '--preserveWatchOutput'], {
  cwd: root,
  // tsc is two processes, which end as a group.
  detached: true,
  stdio: ['ignore', 'pipe', 'inherit'],
})
let controlPlane
let restarts = Promise.resolve()
createInterface(compiler.stdout).on('line', (line) => {
  if (line !== '') console.error(line)
  const [, errors] = COMPILED.exec(line) ?? []
  if (errors === '0') restarts = restarts.then(restart)
})
compiler.once('exit', () => void stop(false))
// Ctrl-C reaches the control plane as well; a second signal would cut its requests.
process.on('SIGINT', () => void stop(false))
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(true))

async function restart() {
  if (runs()) {
    controlPlane.kill('SIGKILL')
    await once(controlPlane, 'exit')
  }
  const main = join(root, 'build/src/cli/main.js')
  controlPlane = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  controlPlane.once('exit', (code, signal) => {
    if (signal !== 'SIGKILL')
      console.error(`The control plane ended (${signal ?? code}). The next change starts it again.`)
  })
}

function runs() {
  return controlPlane !== undefined && controlPlane.exitCode === null && controlPlane.signalCode === null
}

/** Ends when the control plane and Envoy have. */
async function stop(tellControlPlane) {
  if (compiler.exitCode === null && compiler.signalCode === null) process.kill(-compiler.pid)
  if (runs()) {
    if (tellControlPlane) controlPlane.kill('SIGTERM')
    await once(controlPlane, 'exit')
  }
  process.exit(controlPlane?.exitCode ?? 1)
}
