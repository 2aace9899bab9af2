import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { describeMachine } from '../machine/machine.js'

const DOCUMENT = join(PACKAGE_ROOT, 'docs/rehearsals.md')

/** Replaces a part of docs/rehearsals.md, and says when and on what it was measured. */
export async function replacePart(name: string, content: string): Promise<void> {
  const { processor, processors, kernel, node } = await describeMachine()
  const on = `Measured ${new Date().toISOString().slice(0, 10)}, ${processors} x ${processor}, Linux ${kernel}, Node.js ${node}.`
  const document = await readFile(DOCUMENT, 'utf8')
  const [begin, end] = [`<!-- ${name}: written by npm run bench -->`, `<!-- end of ${name} -->`]
  const [from, to] = [document.indexOf(begin), document.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${DOCUMENT} has no part ${name}.`)
  await writeFile(DOCUMENT, `${document.slice(0, from)}${begin}\n\n${on}\n\n${content}\n\n${document.slice(to)}`)
}
