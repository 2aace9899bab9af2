import type { Case, Setup } from './case.js'
import { CASES } from './cases/all.js'
import { COMMANDS } from './cases/commands.js'
import { runCommands } from './commands.js'
import type { Difference } from './compare.js'
import { compare } from './compare.js'
import { Pair } from './pair.js'

/** How a case went: what differs, or why there is nothing to compare. */
export interface Result {
  readonly name: string
  readonly differences: readonly Difference[]
  readonly error?: Error
  readonly tookMs?: number
  readonly observed?: Awaited<ReturnType<Pair['run']>>
}

/** Pairs of processes at a time. Most of what a case takes is waiting. */
const PAIRS = 4
/** More cases than this are worth another pair, since some of them only wait. */
const MOST_CASES = 150

/** Runs all that there is, or what the names choose. */
export async function runSuite(certs: string, chosen: (name: string) => boolean = () => true): Promise<Result[]> {
  const cases = CASES.filter(({ name }) => chosen(name))
  const commands = COMMANDS.filter(({ name }) => chosen(`command: ${name}`))
  return [...(await runCases(cases, certs)), ...(await runCommands(commands, certs))]
}

/** Runs the cases on as few pairs of processes as their setups need. */
async function runCases(cases: readonly Case[], certs: string): Promise<Result[]> {
  const bySetup = new Map<string, Case[]>()
  for (const one of cases) {
    const key = JSON.stringify([one.setup ?? {}, one.alone ? one.name : ''])
    bySetup.set(key, [...(bySetup.get(key) ?? []), one])
  }
  const groups = [...bySetup.values()].flatMap(inParts)
  const results: Result[] = []
  const worker = async () => {
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      results.push(...(await runGroup(group, group[0]?.setup ?? {}, certs)))
    }
  }
  await Promise.all(Array.from({ length: PAIRS }, worker))
  return results
}

function inParts(cases: readonly Case[]): Case[][] {
  const parts = Array.from({ length: Math.ceil(cases.length / MOST_CASES) }, (): Case[] => [])
  // Neighbours are alike, so what takes long is spread.
  for (const [index, one] of cases.entries()) parts[index % parts.length]?.push(one)
  return parts
}

async function runGroup(cases: readonly Case[], setup: Setup, certs: string): Promise<Result[]> {
  const results: Result[] = []
  let pair: Pair | undefined
  for (const [index, one] of cases.entries()) {
    const began = performance.now()
    try {
      pair ??= await Pair.start(setup, certs)
    } catch (error) {
      // What doesn't start for one case doesn't for the others.
      return [...results, ...cases.slice(index).map(({ name }) => ({ name, differences: [], error: error as Error }))]
    }
    try {
      const observed = await pair.run(one)
      const differences = compare(observed.chp, observed.here)
      results.push({ name: one.name, differences, observed, tookMs: performance.now() - began })
    } catch (error) {
      results.push({ name: one.name, differences: [], error: error as Error })
      // Whatever state it is in: the next case starts afresh.
      await pair.stop()
      pair = undefined
    }
  }
  await pair?.stop()
  return results
}
