import type { Content, Markup } from '../../operations/page/html.js'
import { html } from '../../operations/page/html.js'
import type { Mark } from './marks.js'

/** Something over the time of a rehearsal. */
export interface Chart {
  readonly title: string
  /** How a value is written, with its unit. */
  readonly written: (value: number) => string
  /** What is one on its axis, such as a mebibyte; 1 if it isn't said. */
  readonly unit?: number
  readonly lines: readonly Line[]
}

export interface Line {
  readonly label: string
  /** One for each second; undefined where there is none. */
  readonly values: ReadonlyArray<number | undefined>
}

/** The plot is stretched to whatever room there is; its numbers only say where things are in it. */
const [WIDTH, HEIGHT] = [1000, 100]

/** As many as can be told apart: where there are more seconds, a point is the most of some of them. */
const MOST_POINTS = 500

/** As many colours as `status/report.css` has for lines. */
const COLOURS = 6

/** A figure without a script: a drawing that is stretched, and all text beside it, so that it stays readable. */
export function chart({ title, written, unit = 1, lines }: Chart, marks: readonly Mark[]): Markup {
  const seconds = Math.max(1, ...lines.map(({ values }) => values.length))
  const most = Math.max(...lines.flatMap(({ values }) => values.map((value) => value ?? 0)), 0)
  const top = roundUp(most / unit) * unit
  return html`<figure class="chart"><figcaption>${title}</figcaption>
<ul class="legend">${lines.map(legend(written))}</ul>
<div class="plot"><p class="y" aria-hidden="true"><span>${written(top)}</span><span>${written(top / 2)}</span><span>${written(0)}</span></p>
<div class="area">${marks.map(markOf(seconds))}
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${spoken(title, lines, written)}">
<path class="rules" d="M0,0H${WIDTH}M0,${HEIGHT / 2}H${WIDTH}M0,${HEIGHT}H${WIDTH}"/>
${lines.map(({ values }, index) => html`<path class="line c${index % COLOURS}" d="${path(values, seconds, top)}"/>`)}
</svg></div></div>
<p class="x" aria-hidden="true"><span>0:00</span><span>${clock(seconds / 2)}</span><span>${clock(seconds)}</span></p></figure>`
}

/** A moment after the start, such as `4:05`. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

function legend(written: (value: number) => string): (line: Line, index: number) => Content {
  return ({ label, values }, index) =>
    html`<li><span class="key k${index % COLOURS}"></span>${label}, at most ${written(mostOf(values))}</li>`
}

function markOf(seconds: number): (mark: Mark) => Content {
  return ({ number, name, from, to }) => {
    const left = ((100 * from) / seconds).toFixed(2)
    const width = ((100 * Math.max(0, to - from)) / seconds).toFixed(2)
    return html`<span class="mark" style="left:${left}%;width:${width}%" title="${name}">${number}</span>`
  }
}

/** For who can't see it. */
function spoken(title: string, lines: readonly Line[], written: (value: number) => string): string {
  const parts = lines.map(({ label, values }) => `${label} at most ${written(mostOf(values))}`)
  return `${title} over time: ${parts.join('; ')}`
}

function mostOf(values: ReadonlyArray<number | undefined>): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
}

/** Points that follow each other are joined; where there is no value there is no line. */
function path(values: ReadonlyArray<number | undefined>, seconds: number, top: number): string {
  const each = Math.ceil(values.length / MOST_POINTS)
  let isDrawn = false
  let drawn = ''
  for (let from = 0; from < values.length; from += each) {
    const some = values.slice(from, from + each).filter((value) => value !== undefined)
    if (some.length === 0) {
      isDrawn = false
      continue
    }
    const x = (((from + 0.5) / seconds) * WIDTH).toFixed(1)
    const y = (HEIGHT - (Math.max(...some) / top) * HEIGHT).toFixed(1)
    // A value between two seconds without one is a dot.
    drawn += isDrawn ? `L${x},${y}` : `M${x},${y}h0.1`
    isDrawn = true
  }
  return drawn
}

/** The next number that begins with 1, 2 or 5 and ends with zeros. */
function roundUp(value: number): number {
  if (!(value > 0)) return 1
  const unit = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5].find((step) => step * unit >= value) ?? 10) * unit
}
