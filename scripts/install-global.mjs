// `npm run install-global`: installs the package as from the registry. `npm install --global .` would link the clone,
// with all that only its development needs. Arguments are npm's, such as `--prefix DIRECTORY`.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, setUp } from './setup.mjs'

await setUp()
const directory = mkdtempSync(join(tmpdir(), 'configurable-envoy-proxy-package-'))
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
// What `prepack` would do is done.
const pack = ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', directory]
run('npm', pack, 'Could not make the package.', 'ignore')
const files = readdirSync(directory).map((name) => join(directory, name))
const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
run('npm', ['install', '--global', ...quiet, ...process.argv.slice(2), ...files], 'Could not install the package.')
