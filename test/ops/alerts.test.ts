import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { without } from '../support/installed.js'

const run = promisify(execFile)
const read = (path: string) => readFile(join(PACKAGE_ROOT, path), 'utf8')
const RULES = 'ops/prometheus/alerts.yaml'
const CASES = 'ops/prometheus/alerts.test.yaml'
const skip = await without('promtool', 'prometheus')

t.test(
  'every alert has a section of the runbook, series with which it fires, and others with which it does not',
  async (t) => {
    const [rules, cases, runbook] = await Promise.all([RULES, CASES, 'docs/runbook.md'].map(read))
    const alerts = [...(rules ?? '').matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name)
    t.ok(alerts.length > 0)
    t.strictSame([...new Set(alerts)], alerts, 'each once')
    for (const name of alerts) {
      t.match(runbook, new RegExp(`^## ${name}$`, 'm'))
      t.match(rules, `runbook_url: docs/runbook.md#${name.toLowerCase()}\n`)
      t.match(cases, `name: ${name} fires\n`)
      t.match(cases, `name: ${name} is quiet\n`)
    }
    const sections = [...(runbook ?? '').matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
    t.strictSame(sections, alerts, 'in the same order, and no section is of an alert that is gone')
    for (const [section] of (runbook ?? '').matchAll(/^## \w+$[\s\S]*?(?=^## |$(?![\s\S]))/gm))
      for (const part of ['**It means**', '**Look at**', '**Do**']) t.match(section, part)
  },
)

t.test('promtool takes the alerts, and they fire when they should', { skip }, async (t) => {
  for (const args of [
    ['check', 'rules', RULES],
    ['test', 'rules', CASES],
  ]) {
    await t.resolves(
      run('promtool', args, { cwd: PACKAGE_ROOT }).catch((error: Error & { stdout: string; stderr: string }) => {
        throw new Error(error.stdout + error.stderr)
      }),
      args.join(' '),
    )
  }
})
