// `npm run audit`: fails on known high or critical faults of the packages that are shipped. A registry that has no
// answer, as a mirror may have none, fails nothing, and is named.
import { spawnSync } from 'node:child_process'
import { root } from './setup.mjs'

const SEVERE = new Set(['high', 'critical'])

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
  timeout: 60_000,
})
const { vulnerabilities, message = 'no answer' } = parse(stdout)
if (vulnerabilities === undefined) {
  console.error(`Not checked for known faults of packages: the registry does not answer that (${message}).`)
} else {
  const severe = Object.values(vulnerabilities).filter(({ severity }) => SEVERE.has(severity))
  for (const { name, severity, range } of severe) console.error(`${severity}: ${name} ${range}`)
  if (severe.length > 0) console.error('Known faults of packages that are shipped. `npm audit` has more on each.')
  process.exitCode = severe.length > 0 ? 1 : 0
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
