import { writeFile } from 'node:fs/promises'
import { FatalError } from '../../platform/fatal-error.js'
import { comparisonPage, comparisonText } from '../../rehearse/report/compare.js'
import { readReport } from '../../rehearse/report/read.js'
import { readStyle } from '../../rehearse/report/write.js'
import type { Subcommand } from './subcommand.js'

const OPTIONS = [
  { flags: '--html <file>', description: 'Write the comparison as a page, too', defaultDescription: 'none' },
] as const

/** `rehearse compare`: two rehearsals side by side. */
export const compareRehearsals: Subcommand<typeof OPTIONS> = {
  name: 'compare',
  description: 'set two rehearsals side by side, by the rehearsal.json of their reports',
  argument: { name: 'reports...', description: 'Two files, such as chp/rehearsal.json this/rehearsal.json' },
  options: OPTIONS,
  async run({ html }, _values, first, [second, ...more]) {
    if (second === undefined || more.length > 0) throw new FatalError('compare takes two files.')
    const pair = [await readReport(first), await readReport(second)] as const
    process.stdout.write(`${comparisonText(pair)}\n`)
    if (html !== undefined) await writePage(html, comparisonPage(pair, await readStyle()))
    return 0
  },
}

async function writePage(path: string, page: string): Promise<void> {
  try {
    await writeFile(path, page)
  } catch (error) {
    throw new FatalError(`${path} can't be written: ${(error as Error).message}.`)
  }
}
