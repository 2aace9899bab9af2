import { pino } from 'pino'
import t from 'tap'
import { tokenCheck } from '../../src/api/auth.js'
import { forwardLine } from '../../src/data-plane/embedded/log-lines.js'
import { hasDotSegment, printable, withoutOuterSlashes, withoutTrailingSlashes } from '../../src/platform/text.js'
import { parseRoutespec } from '../../src/routing/routespec.js'
import { parseTarget } from '../../src/routing/target.js'
import { parseXdsAddress } from '../../src/settings/external.js'

/** Linear work takes milliseconds, and quadratic work minutes. */
const LENGTH = 400_000
const LIMIT_MS = 5_000

/** What is repeated, between two things that a pattern can't begin and end with. */
const UNITS = ['/', '//a', '\\', ' ', '.', './', '%2e', '] ', '[a][', '-', ':', 'token ', 'token\t', '\x1b', '1']
const AROUND = [
  ['', '\r'],
  ['x', 'a'],
  ['x', ' '],
] as const

const log = pino({ level: 'silent' })
const READERS: ReadonlyArray<[name: string, read: (text: string) => unknown]> = [
  ['the slashes of a path', withoutOuterSlashes],
  ['the slashes at its end', withoutTrailingSlashes],
  ['dot segments', hasDotSegment],
  ['what a log shows', (text) => printable(text, LENGTH * 10)],
  ['a routespec', parseRoutespec],
  ['a target', (text) => parseTarget(`http://127.0.0.1:9/${text}`)],
  ['the path of a socket', (text) => parseTarget(`http+unix://%2F${text}`)],
  ['a token', (text) => tokenCheck('secret')(text)],
  ["a line of Envoy's log", (text) => forwardLine(`[info][main] ${text}`, log)],
  ["another line of Envoy's log", (text) => forwardLine(`[info][${text}`, log)],
  ['an address', (text) => parseXdsAddress(text)],
]

for (const [name, read] of READERS) {
  t.test(`${name}: no long text takes long`, async (t) => {
    for (const unit of UNITS) {
      for (const [beginning, end] of AROUND) {
        const text = beginning + unit.repeat(Math.ceil(LENGTH / unit.length)) + end
        const begun = performance.now()
        try {
          read(text)
        } catch {
          // To be refused is as good an answer as another.
        }
        const took = performance.now() - begun
        if (took > LIMIT_MS) return t.fail(`${JSON.stringify([beginning, unit, end])}: ${took} ms`)
      }
    }
    return t.pass('none does')
  })
}
