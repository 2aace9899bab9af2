// Faults of the program itself: Envoy serves on, and whoever started the control plane is told to start it again.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { temporaryDirectory } from '../support/directory.js'
import { isAlive, killProcess } from '../support/processes.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

t.test('an exception that nobody catches ends the control plane with a status of its own, not Envoy', async (t) => {
  const runtimeBase = await temporaryDirectory(t)
  const module = join(runtimeBase, 'storage.cjs')
  // A storage class whose author has forgotten an error.
  await writeFile(
    module,
    `module.exports = class {
       constructor() { this.routes = {} }
       async get(path) { return this.routes[path] }
       async getAll() { return this.routes }
       async getTarget() {}
       async add(path, data) { this.routes[path] = data; setImmediate(() => { throw new Error('forgotten') }) }
       async update() {}
       async remove(path) { delete this.routes[path] }
     }`,
  )
  const proxy = await ProxyProcess.start(['--storage-backend', module], { runtimeBase })
  const envoy = await proxy.envoyPid()
  t.teardown(() => killProcess(envoy))
  await proxy.api('POST', '/user/a', { target: 'http://127.0.0.1:9' }).catch(() => {})
  t.strictSame(await proxy.exit(), { code: 70, signal: null })
  t.match(proxy.output, /^error: This is a fault of configurable-envoy-proxy.*Envoy.*keeps serving.*forgotten\n +at /ms)
  t.ok(isAlive(envoy))
})

t.test(
  'the loop of the image starts it again after a fault, at ever longer intervals, and not after its own end',
  async (t) => {
    const directory = await temporaryDirectory(t)
    const bin = join(directory, 'bin')
    await mkdir(bin)
    const starts = join(directory, 'starts')
    const pauses = join(directory, 'pauses')
    const program = (name: string, ...lines: string[]) =>
      writeFile(join(bin, name), ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 })
    // Ends by a fault four times, is killed once, and then ends of its own accord.
    await program(
      'configurable-envoy-proxy',
      `echo "$@" >> ${starts}`,
      `case $(wc -l < ${starts}) in [1-4]) exit 70;; 5) kill -KILL $$;; *) exit 1;; esac`,
    )
    await program('sleep', `echo "$@" >> ${pauses}`)
    const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) }
    const loop = spawn(join(PACKAGE_ROOT, 'docker/configurable-http-proxy'), ['--port=1'], { env, stdio: 'pipe' })
    const output = text(loop.stderr)
    t.strictSame(await once(loop, 'exit'), [1, null])
    t.equal(await readFile(starts, 'utf8'), '--port=1\n'.repeat(6))
    t.equal(await readFile(pauses, 'utf8'), '0\n1\n2\n4\n8\n')
    t.match(await output, /ended by a fault, with status 70; starting it again in 0 s\n/)
    t.match(await output, /ended by signal 9; starting it again in 8 s\n/)
  },
)

t.test('a signal ends the loop in a pause too', async (t) => {
  const directory = await temporaryDirectory(t)
  const program = join(directory, 'configurable-envoy-proxy')
  await writeFile(program, '#!/bin/sh\nexit 70\n', { mode: 0o755 })
  const env = { ...process.env, PATH: [directory, process.env.PATH].join(delimiter) }
  const loop = spawn(join(PACKAGE_ROOT, 'docker/configurable-http-proxy'), [], { env, stdio: 'pipe' })
  let output = ''
  loop.stderr.on('data', (chunk) => {
    output += chunk
  })
  await eventually(() => output.includes('in 4 s'), 'it pauses')
  loop.kill('SIGTERM')
  t.strictSame(await once(loop, 'exit'), [70, null])
})
