// `npm run docs`: writes the table of options into README.md, from where they are declared.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OPTIONS } from '../build/src/options.js'
import { root } from './setup.mjs'

const README = join(root, 'README.md')
const [BEGIN, END] = ['<!-- options: made by `npm run docs` -->', '<!-- /options -->']

/** README.md as it is and as it should be. */
export function readme() {
  const current = readFileSync(README, 'utf8')
  const [before, rest] = current.split(BEGIN)
  const [, after] = rest.split(END)
  return { current, wanted: `${before}${BEGIN}\n${table()}\n${END}${after}` }
}

function table() {
  const rows = OPTIONS.map((option) => {
    const flags = option.flags.replaceAll('|', '\\|')
    return `| \`${flags}\` | ${option.description} | ${defaultOf(option)} |`
  })
  return ['| option | meaning | default |', '|---|---|---|', ...rows].join('\n')
}

function defaultOf(option) {
  if (option.defaultDescription) return option.defaultDescription
  const constant = typeof option.default === 'object' ? '' : String(option.default ?? '')
  return constant && `\`${constant}\``
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(README, readme().wanted)
