const WIDTH = 24

/** A bar that shows how much is done: `[######      ] 25 % 3 min: what goes on`. */
export function bar(what: string, done: number, all: number, seconds: number): string {
  const share = all === 0 ? 1 : done / all
  const full = Math.round(share * WIDTH)
  const time = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
  return `[${'#'.repeat(full)}${' '.repeat(WIDTH - full)}] ${String(Math.floor(share * 100)).padStart(3)} % ${time} ${what}`
}

/** Shows it: in one line of a terminal that is written over and over, else a line for each step. */
export function progressTo(stream: NodeJS.WriteStream): (what: string, done: number, all: number) => void {
  const begun = performance.now()
  return (what, done, all) => {
    const line = bar(what, done, all, (performance.now() - begun) / 1000)
    stream.write(stream.isTTY ? `\r\x1b[K${line.slice(0, stream.columns - 1)}` : `${line}\n`)
  }
}
