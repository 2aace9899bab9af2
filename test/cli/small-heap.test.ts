import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { PLAIN_NODE } from '../support/environment.js'
import { CLI } from '../support/proxy.js'

/** Prints what a start with LMDB has loaded, as JSON. */
const MEASURE = `data:text/javascript,${encodeURIComponent(`
  import { createRequire } from 'node:module'
  import { getHeapSpaceStatistics } from 'node:v8'
  process.on('exit', () => {
    const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size
    console.error(JSON.stringify({ space, modules: Object.keys(createRequire('/')('module')._cache) }))
  })
`)}`

async function loaded(): Promise<{ space: number; modules: string[] }> {
  const [command, ...before] = PLAIN_NODE
  // A start whose settings can't be used: by then all is loaded.
  const failing = promisify(execFile)(command, [
    ...before,
    '--import',
    MEASURE,
    CLI,
    '--ssl-key',
    '/none',
    '--ssl-cert',
    '/none',
  ])
  const stderr = await failing.then(
    () => '',
    (error: { stderr: string }) => error.stderr,
  )
  return JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { space: number; modules: string[] }
}

t.test('loading the program takes little memory', async (t) => {
  const { space, modules } = await loaded()
  // It begins with 2 MiB, and loading all modules with V8's own rule leaves 8 MiB or more.
  t.ok(space > 0 && space < 4 * 1024 * 1024, `${space} bytes for new objects`)
  const packages = new Set(modules.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []))
  t.ok(packages.has('@grpc/grpc-js'), 'packages are found')
  for (const name of ['@grpc/proto-loader', 'prom-client', 'undici', 'ws']) {
    t.notOk(packages.has(name), `${name} is loaded only where it is needed`)
  }
})
