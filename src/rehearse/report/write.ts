import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FatalError } from '../../platform/fatal-error.js'
import { PACKAGE_ROOT } from '../../platform/package.js'
import type { Rehearsal } from '../record.js'
import type { Verdict } from '../verdict/verdict.js'
import { reportPage } from './page.js'

export const REPORT_FILES = { html: 'report.html', json: 'rehearsal.json' } as const

/**
 * Makes the directory of a report, so that one that can't be written is known before the rehearsal and not after it.
 *
 * @returns whether there is an earlier report, which this one will replace
 * @throws FatalError if it can't be made or written to
 */
export async function prepareReport(directory: string): Promise<boolean> {
  await orFail(directory, async () => {
    await mkdir(directory, { recursive: true })
    await access(directory, constants.W_OK)
  })
  return access(join(directory, REPORT_FILES.json)).then(
    () => true,
    () => false,
  )
}

/**
 * Writes the report on a rehearsal: a page for people, and all that was seen as JSON.
 *
 * @param directory is made if it isn't there
 * @throws FatalError if it can't be written
 */
export async function writeReport(directory: string, rehearsal: Rehearsal, verdict: Verdict): Promise<void> {
  await orFail(directory, async () => {
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, REPORT_FILES.json), `${JSON.stringify({ ...rehearsal, verdict })}\n`)
    await writeFile(join(directory, REPORT_FILES.html), reportPage(rehearsal, verdict, await readStyle()))
  })
}

async function orFail(directory: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    throw new FatalError(
      `The report can't be written to ${directory}: ${(error as Error).message}. Give another directory to --report.`,
    )
  }
}

/** The style of a page of a report: that of the status page, and what plots need. */
export async function readStyle(): Promise<string> {
  const files = ['style.css', 'report.css'].map((name) => readFile(`${PACKAGE_ROOT}status/${name}`, 'utf8'))
  return (await Promise.all(files)).join('\n')
}
