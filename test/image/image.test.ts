import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, symlink } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { communicate } from '../helm/render.js'
import { temporaryDirectory } from '../support/directory.js'
import { PLAIN } from '../support/environment.js'
import { accepts, freePorts } from '../support/ports.js'
import { killProcess, processesWith } from '../support/processes.js'
import { TOKEN } from '../support/proxy.js'
import { pythonVenv, withoutVenv } from '../support/venv.js'
import { eventually } from '../support/wait.js'
import { contextEntries, DOCKERFILE, stage } from './dockerfile.js'

const REQUIREMENTS = join(PACKAGE_ROOT, 'test/image/requirements.txt')

t.test('hadolint has nothing against the Dockerfile', { skip: await withoutVenv('hadolint') }, async (t) => {
  const hadolint = join(await pythonVenv('hadolint', REQUIREMENTS), 'bin', 'hadolint')
  const { status, stdout, stderr } = await communicate(hadolint, ['--failure-threshold', 'style', DOCKERFILE])
  t.equal(status, 0, stdout + stderr)
  const spoilt = await communicate(hadolint, ['-'], 'FROM debian:latest\nRUN cd /tmp\n')
  t.match(spoilt.stdout, /DL3007.*DL3003/s, 'it does find faults')
})

t.test('the image runs as nobody and takes the arguments of CHP', async (t) => {
  const last = await stage()
  const value = (name: string) => last.filter((instruction) => instruction.name === name).map(({ value }) => value)
  t.strictSame(value('USER'), ['65534:65534'])
  t.strictSame(value('ENTRYPOINT'), ['["configurable-http-proxy"]'], "takes CHP's arguments")
})

t.test('what the Dockerfile builds starts under both names and outlives a crash', async (t) => {
  const directory = await temporaryDirectory(t)
  await buildPackage(directory)
  const app = join(directory, 'app')
  const bin = join(directory, 'bin')
  await mkdir(bin)
  // As the last stage has them.
  await symlink(join(app, 'build/src/cli/main.js'), join(bin, 'configurable-envoy-proxy'))
  await cp(join(PACKAGE_ROOT, 'docker/configurable-http-proxy'), join(bin, 'configurable-http-proxy'))
  const run = join(directory, 'run')
  await mkdir(run, { mode: 0o700 })
  const env = {
    ...process.env,
    PATH: [bin, process.env.PATH].join(delimiter),
    XDG_RUNTIME_DIR: run,
    XDG_STATE_HOME: join(directory, 'state'),
    CONFIGPROXY_AUTH_TOKEN: TOKEN,
  }
  const start = (command: string, args: readonly string[]) => {
    const [env_, ...before] = PLAIN
    return spawn(env_, [...before, command, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  }

  const version = start('configurable-http-proxy', ['--version'])
  t.match(await text(version.stdout), /^\d+\.\d+\.\d+\n$/)

  const [port = 0, apiPort = 0] = await freePorts(2)
  // As z2jh starts it, but for the addresses.
  const args = ['--ip=127.0.0.1', `--port=${port}`, '--api-ip=127.0.0.1', `--api-port=${apiPort}`]
  const proxy = start('configurable-http-proxy', args)
  const output = text(proxy.stderr)
  const ended = once(proxy, 'exit')
  t.teardown(async () => {
    for (const { pid } of await processesWith(`XDG_RUNTIME_DIR=${run}`)) killProcess(pid)
  })
  const health = async () => (await fetch(`http://127.0.0.1:${port}/_chp_healthz`)).status
  const serves = async () => (await accepts(port)) && (await accepts(apiPort))
  await eventually(serves, 'it serves')
  t.equal(await health(), 200)

  const find = async (part: string) => {
    const found = await processesWith(`XDG_RUNTIME_DIR=${run}`)
    return found.filter(({ command }) => command.includes(part)).map(({ pid }) => pid)
  }
  const cli = join(bin, 'configurable-envoy-proxy')
  const [controlPlane, ...others] = await find(cli)
  t.strictSame(others, [])
  const envoys = await find('--concurrency')
  t.equal(envoys.length > 0, true)
  killProcess(controlPlane ?? 0)
  await eventually(async () => {
    const [now] = await find(cli)
    return now !== undefined && now !== controlPlane && (await accepts(apiPort))
  }, 'the control plane is started again')
  t.equal(await health(), 200)
  t.strictSame(await find('--concurrency'), envoys, 'with the Envoy that has served on')

  // As tini does, to the group.
  process.kill(-(proxy.pid ?? 0), 'SIGTERM')
  t.strictSame(await ended, [0, null])
  t.match(await output, /ended by signal 9; starting it again/)
  t.strictSame(await find('--concurrency'), [], 'no Envoy is left')
})

/** Runs the steps of the stage that makes the package, as they are, with DIRECTORY for /build. */
async function buildPackage(directory: string): Promise<void> {
  let workdir = directory
  for (const { name, value } of await stage('package')) {
    if (name === 'WORKDIR') {
      workdir = value.replace(/^\/build/, directory)
      await mkdir(workdir, { recursive: true })
    } else if (name === 'COPY') {
      for (const entry of await contextEntries())
        await cp(join(PACKAGE_ROOT, entry), join(workdir, entry), { recursive: true })
    } else if (name === 'RUN') {
      const [env, ...before] = PLAIN
      const { status, stderr } = await communicate(env, [...before, '-C', workdir, '/bin/sh', '-c', value])
      if (status !== 0) throw new Error(`RUN ${value} failed: ${stderr}`)
    } else throw new Error(`the test does not know ${name}`)
  }
  await chmod(directory, 0o755)
}
