// Makes a clone ready to run: the packages of package-lock.json and the compiled code. Plain JavaScript on Node.js
// alone, since there is nothing else yet. What was done is not done again.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const PACKAGES_STAMP = join(root, 'node_modules', '.setup-stamp')
const BUILD_STAMP = join(root, 'build', '.setup-stamp')
const TAP_STAMP = join(root, '.tap', '.setup-stamp')
const LOCK = join(root, '.setup-lock')

/** Installs and compiles what is missing or has changed since. Ends the process with one sentence if it can't. */
export async function setUp() {
  const [major] = process.versions.node.split('.')
  if (Number(major) < 20) {
    console.error(`Node.js ${process.versions.node} is too old: 20 or newer is needed.`)
    process.exit(1)
  }
  await withLock(() => {
    const packages = installPackages()
    const sources = hash([
      ...files('src'),
      ...files('test'),
      ...files('bench'),
      ...files('proto'),
      join(root, 'tsconfig.json'),
    ])
    if (read(BUILD_STAMP) !== sources + packages) {
      console.error('Compiling ...')
      build()
      writeFileSync(BUILD_STAMP, sources + packages)
    }
  })
}

/** Installs what is missing or has changed since, for what needs no compiled code. */
export async function setUpPackages() {
  await withLock(installPackages)
}

/** Assembles tap's own test runner from the plugins that .taprc names, unless it has been. */
export async function setUpTap() {
  await withLock(() => {
    const packages = installPackages()
    const plugins = packages + hash([join(root, '.taprc')])
    if (read(TAP_STAMP) === plugins) return
    run(tool('tap'), ['build'], 'Could not assemble tap.', 'ignore')
    writeFileSync(TAP_STAMP, plugins)
  })
}

/** @returns a digest of these packages */
function installPackages() {
  const packages = hash([join(root, 'package-lock.json')])
  if (read(PACKAGES_STAMP) !== packages || !isInstalled()) {
    console.error('Installing packages ...')
    // npm removes the installed packages first. If it is interrupted, the installation must not count as complete.
    rmSync(PACKAGES_STAMP, { force: true })
    const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
    const failure = 'Could not install the packages. Is the npm registry reachable?'
    run('npm', args, failure)
    if (!isInstalled()) {
      console.error(`${failure} (npm ended before it had installed all)`)
      process.exit(1)
    }
    writeFileSync(PACKAGES_STAMP, packages)
  }
  return packages
}

/** npm writes this list last. */
function isInstalled() {
  return existsSync(join(root, 'node_modules', '.package-lock.json'))
}

/** Compiles src, test and bench, with the types of the messages in proto/. */
export function build() {
  rmSync(join(root, 'build'), { recursive: true, force: true })
  const protos = files('proto').map((file) => file.slice(join(root, 'proto').length + 1))
  const form = ['--keepCase', '--longs=String', '--enums=String', '--defaults', '--grpcLib=@grpc/grpc-js']
  const place = [
    '--includeDirs=proto',
    '--outDir=build/proto',
    '--targetFileExtension=.d.ts',
    '--importFileExtension=.js',
  ]
  run(tool('proto-loader-gen-types'), [...form, ...place, ...protos], 'Could not make types of proto/.', 'ignore')
  run(tool('tsc'), [], 'Could not compile.')
}

export function tool(name) {
  return join(root, 'node_modules', '.bin', name)
}

/** Runs a command to its end; if it fails, says what failed and ends the process with 1. */
export function run(command, args, failure, stdout = 'inherit') {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', stdout, 'inherit'] })
  if (status === 0) return
  const reason = error?.message ?? (signal && `${command} was ended by ${signal}`)
  console.error(reason ? `${failure} (${reason})` : failure)
  process.exit(1)
}

function files(directory) {
  return readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function hash(paths) {
  const sum = createHash('sha256')
  for (const path of paths) sum.update(path).update(readFileSync(path))
  return sum.digest('hex')
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Two set-ups of one clone take turns. A lock whose owner is gone is taken over. */
async function withLock(work) {
  for (let told = false; !takeLock(); told = true) {
    if (!told) console.error('Waiting for another set-up of this directory ...')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  // A step that fails ends the process.
  process.once('exit', unlock)
  try {
    work()
  } finally {
    process.off('exit', unlock)
    unlock()
  }
}

function unlock() {
  rmSync(LOCK, { recursive: true, force: true })
}

function takeLock() {
  try {
    mkdirSync(LOCK)
    writeFileSync(join(LOCK, 'pid'), String(process.pid))
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') {
      console.error(`Cannot set up in ${root}: ${error.message}`)
      process.exit(1)
    }
  }
  const owner = Number(read(join(LOCK, 'pid')))
  const age = Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
  if (owner ? !isAlive(owner) : age > 5_000) rmSync(LOCK, { recursive: true, force: true })
  return false
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
