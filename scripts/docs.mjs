// `npm run docs`: writes what the documents and the Helm chart take from the code: the tables of options into README.md
// docs/external.md and docs/rehearse.md, those of differences from CHP into docs/compatibility.md, of checks into docs/doctor.md, of faults
// into docs/faults.md, and options into the chart's schema.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bootstrap } from '../build/src/cli/commands/bootstrap.js'
import { doctor } from '../build/src/cli/commands/doctor.js'
import { drain } from '../build/src/cli/commands/drain.js'
import { explain } from '../build/src/cli/commands/explain.js'
import { rehearse } from '../build/src/cli/commands/rehearse.js'
import { OUTSIDE_CHECKS } from '../build/src/doctor/outside-checks.js'
import { START_CHECKS } from '../build/src/doctor/start-checks.js'
import { INCIDENTS } from '../build/src/rehearse/incidents/all.js'
import { OPTIONS } from '../build/src/settings/settings.js'
import { SECTIONS } from '../build/test/differential/intended/all.js'
import { FAULTS } from '../build/test/operations/planted.js'
import { chartSchema } from './chart-schema.mjs'
import { root } from './setup.mjs'

/** Each file with a part that is made here: as it is, and as it should be. */
export function documents() {
  return [
    withParts('README.md', { options: options(OPTIONS) }),
    withParts('docs/external.md', { bootstrap: options(bootstrap.options), drain: options(drain.options) }),
    withParts('docs/compatibility.md', { differences: differences() }),
    withParts('docs/doctor.md', {
      options: options(doctor.options),
      checks: checks([...START_CHECKS, ...OUTSIDE_CHECKS]),
    }),
    withParts('docs/faults.md', { faults: faults() }),
    withParts('docs/rehearsals.md', { incidents: incidents() }),
    withParts('docs/explain.md', { options: options(explain.options) }),
    withParts('docs/rehearse.md', { options: options(rehearse.options) }),
    document('helm/configurable-envoy-proxy/values.schema.json', chartSchema),
  ]
}

function document(name, wantedOf) {
  const path = join(root, name)
  const current = readFileSync(path, 'utf8')
  return { name, path, current, wanted: wantedOf(current) }
}

function withParts(name, parts) {
  return document(name, (current) => filledIn(current, parts))
}

function filledIn(current, parts) {
  let wanted = current
  for (const [part, content] of Object.entries(parts)) {
    const [begin, end] = [`<!-- ${part}: made by \`npm run docs\` -->`, `<!-- /${part} -->`]
    const [before, rest] = wanted.split(begin)
    const [, after] = rest.split(end)
    wanted = `${before}${begin}\n${content}\n${end}${after}`
  }
  return wanted
}

function differences() {
  return Object.entries(SECTIONS)
    .map(([title, rows]) => {
      const lines = rows.map(
        ({ where, chp, here, reason }) => `| ${[where, chp, here, reason].map(cell).join(' | ')} |`,
      )
      const table = ['| where | CHP | here | why |', '|---|---|---|---|', ...lines]
      return `## ${title}\n\n${table.join('\n')}\n`
    })
    .join('\n')
}

function cell(text) {
  return text.replaceAll('|', '\\|')
}

function faults() {
  const rows = Object.values(FAULTS).map(({ what, explain, status, failure, answered, line }) => {
    const named = failure === undefined ? line : `\`${failure}\`, ${answered}${line && `; ${line}`}`
    return `| ${[what, `\`${explain}\``, `\`${status}\``, named].map(cell).join(' | ')} |`
  })
  return ['| fault | explain | status page | access log, field `failure` |', '|---|---|---|---|', ...rows].join('\n')
}

function incidents() {
  const rows = INCIDENTS.map(({ name, description, noticed, source }) => {
    return `| \`${name}\` | ${[description, noticed, source].map(cell).join(' | ')} |`
  })
  return ['| incident | what happens | what users of a good proxy notice | from |', '|---|---|---|---|', ...rows].join(
    '\n',
  )
}

function checks(all) {
  const rows = all.map(({ code, question, fatal, remedy }) => {
    return `| ${code} | ${cell(question)} | ${fatal ? 'yes' : ''} | ${cell(remedy)} |`
  })
  return ['| code | question | fatal | if not |', '|---|---|---|---|', ...rows].join('\n')
}

function options(specs) {
  const rows = specs.map((option) => {
    return `| \`${cell(option.flags)}\` | ${option.description} | ${defaultOf(option)} |`
  })
  return ['| option | meaning | default |', '|---|---|---|', ...rows].join('\n')
}

function defaultOf(option) {
  if (option.defaultDescription) return option.defaultDescription
  const constant = String(option.default ?? '')
  return constant && `\`${constant}\``
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, wanted } of documents()) writeFileSync(path, wanted)
}
