import { written } from './numbers.js'

const WIDTH = 760
const LEFT = 170
const COLORS = ['#1b6ca8', '#d1495b', '#edae49', '#3c9d6e', '#7b5ea7', '#8a8d91', '#5b8e7d']

export interface Bars {
  readonly title: string
  readonly unit: string
  readonly bars: ReadonlyArray<{ readonly label: string; readonly value: number; readonly color: number }>
}

/** Horizontal bars, one below the other, each with its value. */
export function barChart({ title, unit, bars }: Bars): string {
  const [top, step, thickness] = [46, 26, 18]
  const most = Math.max(...bars.map(({ value }) => value))
  const rows = bars.map(({ label, value, color }, row) => {
    const y = top + row * step
    const length = ((WIDTH - LEFT - 90) * value) / most
    return [
      text(LEFT - 8, y + 13, label, 'end'),
      `<rect x="${LEFT}" y="${y}" width="${round(length)}" height="${thickness}" fill="${colorOf(color)}"/>`,
      text(LEFT + length + 6, y + 13, written(value)),
    ].join('\n')
  })
  return drawing(top + bars.length * step + 10, [heading(title, unit), ...rows])
}

export interface Lines {
  readonly title: string
  readonly unit: string
  /** Where the points are, on a logarithmic axis. */
  readonly xs: readonly number[]
  readonly xTitle: string
  readonly lines: ReadonlyArray<{ readonly label: string; readonly ys: ReadonlyArray<number | undefined> }>
}

/** Lines over a logarithmic axis, from zero. */
export function lineChart({ title, unit, xs, xTitle, lines }: Lines): string {
  const [top, height, left, right] = [56, 250, 70, WIDTH - 150]
  const bottom = top + height
  const most = Math.max(...lines.flatMap(({ ys }) => ys.filter((value) => value !== undefined)))
  const [first, last] = [Math.log(xs[0] ?? 1), Math.log(xs.at(-1) ?? 1)]
  const xOf = (x: number) => left + ((Math.log(x) - first) / (last - first || 1)) * (right - left)
  const yOf = (y: number) => bottom - (y / most) * height
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
    const y = bottom - share * height
    return [stroke(left, y, right, y), text(left - 8, y + 4, written(share * most), 'end')]
  })
  const ticks = xs.map((x) => text(xOf(x), bottom + 18, x.toLocaleString('en'), 'middle'))
  const drawn = lines.flatMap(({ label, ys }, color) => {
    const points = xs.flatMap((x, at) => {
      const y = ys[at]
      return y === undefined ? [] : [[xOf(x), yOf(y)] as const]
    })
    const end = points.at(-1)
    if (end === undefined) return []
    const path = points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')
    return [
      `<polyline points="${path}" fill="none" stroke="${colorOf(color)}" stroke-width="2.5"/>`,
      text(end[0] + 8, end[1] + 4, label),
    ]
  })
  const axis = text((left + right) / 2, bottom + 38, xTitle, 'middle')
  return drawing(bottom + 50, [heading(title, unit), ...grid, ...ticks, axis, ...drawn])
}

function drawing(height: number, content: readonly string[]): string {
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`
  const open = `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="13">`
  return `${[open, '<rect width="100%" height="100%" fill="white"/>', ...content, '</svg>'].join('\n')}\n`
}

function heading(title: string, unit: string): string {
  return `<text x="12" y="24" font-size="15" font-weight="bold" fill="#222">${escaped(`${title}, ${unit}`)}</text>`
}

function text(x: number, y: number, content: string, anchor = 'start'): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="#222">${escaped(content)}</text>`
}

function stroke(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="#ddd"/>`
}

function colorOf(index: number): string {
  return COLORS[index % COLORS.length] ?? '#888'
}

function round(value: number): string {
  return value.toFixed(1)
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
