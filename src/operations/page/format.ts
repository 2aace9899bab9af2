import type { Markup } from './html.js'
import { html } from './html.js'

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Such as `812 MiB`: three digits at most, so that two of them can be compared at a glance. */
export function bytes(count: number): string {
  let [value, unit] = [count, 0]
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${rounded(value)} ${UNITS[unit]}`
}

/** Such as `1,234`; with one decimal below ten unless it is whole. */
export function rounded(value: number): string {
  const digits = value < 10 && !Number.isInteger(value) ? 1 : 0
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}

/** Such as `12 %`. What is not zero is never shown as zero, and what is not all never as 100 %. */
export function percent(ratio: number): string {
  const value = ratio * 100
  if (value > 0 && value < 1) return 'under 1 %'
  if (value > 99 && value < 100) return '99 %'
  return `${Math.round(value)} %`
}

/** A duration of a request, such as `12 ms` or `3.2 s`. */
export function latency(seconds: number): string {
  if (seconds < 1) return `${rounded(seconds * 1000)} ms`
  return `${rounded(seconds)} s`
}

const SPANS = [
  { seconds: 86_400, one: 'day', many: 'days' },
  { seconds: 3_600, one: 'hour', many: 'hours' },
  { seconds: 60, one: 'minute', many: 'minutes' },
  { seconds: 1, one: 'second', many: 'seconds' },
] as const

/** A span in its largest unit, such as `3 minutes`, rounded down. */
export function span(seconds: number): string {
  const unit = SPANS.find((one) => seconds >= one.seconds)
  if (unit === undefined) return 'less than a second'
  const count = Math.floor(seconds / unit.seconds)
  return `${count} ${count === 1 ? unit.one : unit.many}`
}

/** A moment as its distance from now, with the exact time as a tooltip. */
export function ago(at: string, now: string): Markup {
  const seconds = (Date.parse(now) - Date.parse(at)) / 1000
  const words = seconds < 1 ? 'just now' : `${span(seconds)} ago`
  return html`<time datetime="${at}" title="${at}">${words}</time>`
}

/** A count with its noun, such as `1 route` or `20 routes`. */
export function counted(count: number, noun: string): string {
  return `${rounded(count)} ${noun}${count === 1 ? '' : 's'}`
}
