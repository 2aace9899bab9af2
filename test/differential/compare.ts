import type { Header } from './message.js'
import { valuesOf } from './message.js'
import type { Heard, Observation, Observed, SeenRequest } from './observation.js'

/** One thing that is not the same. */
export interface Difference {
  /** What: `answer.…` is what the client got, `seen.…` what the backend got. */
  readonly field: string
  readonly chp: string
  readonly here: string
}

const ABSENT = '-'
/** Headers whose values differ by nature; that they are there is compared. */
const VOLATILE = new Set(['date'])

/** All that differs between what CHP did and what this did. */
export function compare(chp: Observation, here: Observation): Difference[] {
  const steps = [...new Set([...chp.heard, ...here.heard].map(({ step }) => step))].sort((a, b) => a - b)
  const heard = steps.flatMap((step) => compareHeard(at(chp.heard, step), at(here.heard, step)))
  return [...heard, ...compareSeen(chp.seen, here.seen)]
}

function at(heard: readonly Heard[], step: number): Heard | undefined {
  return heard.find((one) => one.step === step)
}

function compareHeard(chp: Heard | undefined, here: Heard | undefined): Difference[] {
  if (chp !== undefined && here !== undefined && 'answer' in chp && 'answer' in here) {
    const [theirs, ours] = [statusOf(chp.answer), statusOf(here.answer)]
    // With another status all the rest is another as well, and says nothing more.
    if (theirs.status !== ours.status) return same('answer.status', summary(chp), summary(here))
    return [
      ...same('answer.version', theirs.version, ours.version),
      ...same('answer.reason', theirs.reason, ours.reason),
      ...same('answer.interim', chp.interim, here.interim),
      ...compareMessage('answer', chp.answer, here.answer),
    ]
  }
  return same(factOf(here) ?? factOf(chp) ?? 'answer.status', summary(chp), summary(here))
}

function factOf(heard: Heard | undefined): string | undefined {
  return heard !== undefined && 'fact' in heard && heard.fact !== 'answer' ? heard.fact : undefined
}

function summary(heard: Heard | undefined): string {
  if (heard === undefined) return ABSENT
  return 'answer' in heard ? heard.answer.line.replace(/^\S+ /, '') : heard.value
}

function statusOf({ line }: Observed): { version: string; status: string; reason: string } {
  const [version = '', status = '', ...reason] = line.split(' ')
  return { version, status, reason: reason.join(' ') }
}

function compareSeen(chp: readonly SeenRequest[], here: readonly SeenRequest[]): Difference[] {
  const lines = (seen: readonly SeenRequest[]) => seen.map(({ by, line }) => `${by}: ${line}`).join(', ') || 'nothing'
  if (chp.length !== here.length) return same('seen', lines(chp), lines(here))
  return chp.flatMap((theirs, index) => {
    const ours = here[index] as SeenRequest
    return [
      ...same('seen.by', theirs.by, ours.by),
      ...same('seen.line', theirs.line, ours.line),
      ...same('seen.certificate', theirs.certificate, ours.certificate),
      ...same('seen.tunnelled', String(theirs.tunnelled), String(ours.tunnelled)),
      ...compareMessage('seen', theirs, ours),
    ]
  })
}

function compareMessage(of: string, chp: Observed, here: Observed): Difference[] {
  return [
    ...compareHeaders(of, chp.headers, here.headers),
    ...same(`${of}.framing`, chp.framing, here.framing),
    ...same(`${of}.body`, chp.body, here.body),
    ...same(`${of}.trailers`, chp.trailers, here.trailers),
    ...same(`${of}.complete`, String(chp.complete), String(here.complete)),
  ]
}

/** The order of headers of one name counts, that of different ones doesn't. */
function compareHeaders(of: string, chp: readonly Header[], here: readonly Header[]): Difference[] {
  const names = [...new Set([...chp, ...here].map(([name]) => name.toLowerCase()))].sort()
  const values = names.flatMap((name) => same(`${of}.header.${name}`, headerText(chp, name), headerText(here, name)))
  const spelling = (headers: readonly Header[], others: readonly Header[]) =>
    headers
      .map(([name]) => name)
      .filter((name) => others.some(([other]) => other !== name && other.toLowerCase() === name.toLowerCase()))
      .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
      .join()
  return [...values, ...same(`${of}.header case`, spelling(chp, here), spelling(here, chp))]
}

function headerText(headers: readonly Header[], name: string): string {
  const values = valuesOf(headers, name)
  if (values.length === 0) return ABSENT
  return VOLATILE.has(name) ? `${values.length}` : values.join(' | ')
}

function same(field: string, chp: string, here: string): Difference[] {
  return chp === here ? [] : [{ field, chp, here }]
}
