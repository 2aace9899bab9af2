import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { describeMachine } from '../machine/machine.js'
import { markdownTable } from '../report/markdown-table.js'

const DOCUMENT = join(PACKAGE_ROOT, 'docs/rehearsals.md')

/** Replaces a part of docs/rehearsals.md, and says when and on what it was measured. */
export async function replacePart(name: string, content: string): Promise<void> {
  await changePart(name, () => content)
}

/**
 * Replaces the rows of a table that begin as these do, and leaves the others as they are.
 *
 * @param order the first cells of all rows that there may be
 */
export async function replaceRows(
  name: string,
  head: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
  order: readonly string[],
): Promise<void> {
  await changePart(name, (before) => {
    const lines = new Map(
      order.map((first) => [first, before.split('\n').find((line) => line.startsWith(`| ${first} |`))]),
    )
    for (const cells of rows) lines.set(cells[0] ?? '', markdownTable(head, [cells], 'words').split('\n').at(-1))
    return [markdownTable(head, [], 'words'), ...[...lines.values()].filter((line) => line !== undefined)].join('\n')
  })
}

async function changePart(name: string, change: (before: string) => string): Promise<void> {
  const { processor, processors, kernel, node } = await describeMachine()
  const on = `Measured ${new Date().toISOString().slice(0, 10)}, ${processors} x ${processor}, Linux ${kernel}, Node.js ${node}.`
  const document = await readFile(DOCUMENT, 'utf8')
  const [begin, end] = [`<!-- ${name}: written by npm run bench -->`, `<!-- end of ${name} -->`]
  const [from, to] = [document.indexOf(begin), document.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${DOCUMENT} has no part ${name}.`)
  const content = change(document.slice(from, to))
  await writeFile(DOCUMENT, `${document.slice(0, from)}${begin}\n\n${on}\n\n${content}\n\n${document.slice(to)}`)
}
