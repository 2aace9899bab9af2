import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { report } from '../report/markdown.js'
import { plotsOf } from '../report/plots.js'
import { ALL_WORKS } from '../works/all.js'
import type { BenchData } from './data.js'

/** Within the directory of the report: its plots, and the data. */
const DIRECTORY = 'benchmarks'

/**
 * Writes the report of a complete run into docs/, any other into build/: part of the figures must not take the place of all.
 *
 * @returns the file of the report
 */
export async function writeReport(data: BenchData, { isComplete }: { readonly isComplete: boolean }): Promise<string> {
  const place = join(PACKAGE_ROOT, isComplete ? 'docs' : 'build/bench-report')
  const [file, directory] = [join(place, 'benchmarks.md'), join(place, DIRECTORY)]
  const plots = plotsOf(data)
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  for (const { name, svg } of plots) await writeFile(join(directory, `${name}.svg`), svg)
  await writeFile(join(directory, 'data.json'), dataText(data))
  await writeFile(file, report({ data, works: ALL_WORKS, plots, directory: DIRECTORY }))
  return file
}

/** A line a sample, so that two runs can be compared. */
function dataText({ samples, ...rest }: BenchData): string {
  const head = JSON.stringify(rest, undefined, 2).slice(0, -2)
  return `${head},\n  "samples": [\n${samples.map((sample) => `    ${JSON.stringify(sample)}`).join(',\n')}\n  ]\n}\n`
}
