import { readFile } from 'node:fs/promises'
import { FatalError } from '../../platform/fatal-error.js'
import type { Judged } from './compare.js'
import { REPORT_FILES } from './write.js'

/**
 * Reads what a report has of a rehearsal.
 *
 * @param path of the JSON
 * @throws FatalError if it is none
 */
export async function readReport(path: string): Promise<Judged> {
  let report: unknown
  try {
    report = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new FatalError(`${path} can't be read: ${(error as Error).message}.`)
  }
  if (!isReport(report)) {
    throw new FatalError(`${path} is not the ${REPORT_FILES.json} of a report: rehearse --report DIR writes one.`)
  }
  return report
}

function isReport(value: unknown): value is Judged {
  if (typeof value !== 'object' || value === null) return false
  const { seconds, users, processes, options, verdict } = value as Partial<Judged>
  const lists = [seconds, users, processes, verdict?.checks]
  return lists.every(Array.isArray) && typeof options === 'object'
}
