// Whether a rehearsal notices that it was the limit itself.
import t from 'tap'
import type { Machine } from '../../src/rehearse/run/generator.js'
import { GeneratorWatch } from '../../src/rehearse/run/generator.js'
import { openFiles } from '../../src/rehearse/run/open-files.js'
import { Tally } from '../../src/rehearse/tally/tally.js'

interface MadeUp {
  /** The share of time in which a thread was busy. */
  readonly busy?: number
  /** The share of time in which the processors had nothing to do. */
  readonly idle?: number
  readonly files?: number
}

/** What is said of a rehearsal of 40 seconds. */
function limitsOf({ busy = 0.5, idle = 0.3, files = 100 }: MadeUp, tally = new Tally(['ana'])): readonly string[] {
  let now = 0
  const machine: Machine = {
    times: () => ({ idle: now * idle, all: now }),
    openFiles: () => files,
    openFilesLimit: 1_000,
  }
  const read = () => ({ utilization: busy, idle: 0, active: 0 })
  const watch = new GeneratorWatch([read], machine)
  for (let second = 0; second < 40; second += 1) {
    now += 1_000
    watch.sample()
  }
  return watch.record(tally).limits
}

t.test('one that kept up was no limit', async (t) => {
  const tally = new Tally(['ana'])
  for (let act = 0; act < 1_000; act += 1) tally.late(act < 5 ? 300 : 2)
  tally.failure(0, 'poll', 'refused', 0, 1, 'GET /a')
  t.strictSame(limitsOf({}, tally), [])
})

t.test('what it lacked is said', async (t) => {
  t.match(limitsOf({ busy: 0.95 }), [/A thread of the generator was busy 95 %/])
  t.match(limitsOf({ idle: 0.02 }), [/All processors of this machine were busy for 40 s/])
  t.match(limitsOf({ files: 990 }), [/It had 990 open files of 1000.*ulimit -n/])
  const late = new Tally(['ana'])
  for (let act = 0; act < 100; act += 1) late.late(act < 5 ? 300 : 2)
  t.match(limitsOf({}, late), [/One in a hundred acts of users began \d+ ms late/])
  const without = new Tally(['ana'])
  without.failure(0, 'poll', 'EADDRNOTAVAIL', 0, 1, 'GET /a')
  t.match(limitsOf({}, without), [/1 connections could not be opened.*EADDRNOTAVAIL/])
})

t.test('its open files are those of the system', async (t) => {
  const count = openFiles()
  if (count === 0) t.comment('the kernel does not say it for little')
  t.ok(count === 0 || (count > 3 && count < 10_000), `${count} open files`)
})
