import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/platform/package.js'

export const DOCKERFILE = join(PACKAGE_ROOT, 'Dockerfile')

export interface Instruction {
  readonly name: string
  readonly value: string
}

/** The instructions of a stage, by its name; those of the last stage without. */
export async function stage(name?: string): Promise<readonly Instruction[]> {
  const lines = (await readFile(DOCKERFILE, 'utf8')).split('\n').filter((line) => !line.startsWith('#'))
  const instructions = lines
    .join('\n')
    .replaceAll(/\\\n/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, instruction = '', value = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
      return { name: instruction, value }
    })
  const starts = instructions.flatMap((instruction, at) => (instruction.name === 'FROM' ? [at] : []))
  const named = starts.findIndex((at) => instructions[at]?.value.endsWith(` AS ${name}`))
  const which = name === undefined ? starts.length - 1 : named
  if (which < 0) throw new Error(`${DOCKERFILE} has no stage ${name}`)
  return instructions.slice((starts[which] ?? 0) + 1, starts[which + 1])
}

/** What `COPY . .` copies, at the top of the repository. */
export async function contextEntries(): Promise<readonly string[]> {
  const rules = (await readFile(join(PACKAGE_ROOT, '.dockerignore'), 'utf8')).split('\n')
  return rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1))
}
