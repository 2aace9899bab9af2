import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import t from 'tap'
import { createLogger, leftOutLine, setLevel } from '../../src/platform/log.js'
import { BoundedOutput, FileOutput, neverWait } from '../../src/platform/log-output.js'
import { RepeatedLines } from '../../src/platform/repeated-lines.js'
import { temporaryDirectory } from '../support/directory.js'

const leftOut = (count: number) => leftOutLine(count, 'text')

/** What takes lines when it is told to. */
class Reader extends Writable {
  text = ''
  #take: (() => void) | undefined
  #reads = false

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const take = () => {
      this.text += chunk
      done()
    }
    if (this.#reads) take()
    else this.#take = take
  }

  read(): void {
    this.#reads = true
    this.#take?.()
  }
}

t.test('an entry is one line, whoever chose a part of it', async (t) => {
  const lines: string[] = []
  const log = createLogger('info', { write: (line) => void lines.push(line), flush: async () => {} })
  log.warn('404 GET /a\r\n12:00:00.000 [ConfigProxy] info: all is well')
  log.error('\x1b[2J\x9b31m\u2028\u202e')
  log.info('x'.repeat(100_000))
  log.debug('not asked for')
  log.child({ name: 'Envoy' }).info('秀樹 👩‍🔬')
  t.equal(lines.length, 4)
  const [split = '', orders = '', long = '', child = ''] = lines
  t.match(
    split,
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[ConfigProxy\] warn: 404 GET \/a\\u\{d\}\\u\{a\}12:00:00\.000 .* well\n$/,
  )
  t.match(orders, /error: \\u\{1b\}\[2J\\u\{9b\}31m\\u\{2028\}\\u\{202e\}\n$/)
  t.match(long, /info: x{2000}\.\.\. \(100000 characters\)\n$/)
  t.match(child, /\[Envoy\] info: 秀樹 👩‍🔬\n$/)
})

t.test('what a reader that stops can not take is left out, and it is told how much', async (t) => {
  const reader = new Reader()
  const output = new BoundedOutput(reader, leftOut, 1_000)
  const line = (number: number) => `line ${String(number).padStart(4, '0')}\n`
  const numbers = Array.from({ length: 250 }, (_, number) => number)
  for (const number of numbers) output.write(line(number))
  t.equal(reader.writableLength, 1_000)
  await output.flush(10)
  t.equal(reader.text, '', 'nobody waits for it for ever')
  reader.read()
  await output.flush(10_000)
  output.write(line(1_000))
  await output.flush(10_000)
  const said = '(150 lines were left out here: what reads this log did not keep up)\n'
  t.equal(reader.text, numbers.slice(0, 100).map(line).join('') + said + line(1_000))
})

t.test('a reader that has gone ends nothing', async (t) => {
  const reader = new Reader()
  const output = new BoundedOutput(reader, leftOut)
  output.write('one\n')
  const gone = new Promise((resolve) => reader.once('close', resolve))
  reader.destroy(new Error('EPIPE'))
  await gone
  output.write('two\n')
  await output.flush(10_000)
  t.pass('it goes on')
})

t.test('a file on a disk that is full lacks some lines, and says how many', async (t) => {
  const directory = await temporaryDirectory(t)
  const file = join(directory, 'log')
  const full = openSync('/dev/full', 'w')
  const output = new FileOutput(full, leftOut)
  for (const line of ['one\n', 'two\n']) output.write(line)
  closeSync(full)
  t.equal(openSync(file, 'w'), full, 'the same number stands for a file with room')
  output.write('three\n')
  t.equal(await readFile(file, 'utf8'), '(2 lines were left out here: what reads this log did not keep up)\nthree\n')
})

t.test('a terminal that is held makes nobody wait', async (t) => {
  const asked: boolean[] = []
  const stream = { isTTY: true, _handle: { setBlocking: (on: boolean) => asked.push(on) } }
  neverWait(stream as unknown as NodeJS.WriteStream)
  neverWait({ ...stream, isTTY: false } as unknown as NodeJS.WriteStream)
  t.strictSame(asked, [false])
})

t.test('as JSON, an event is one object, whoever chose a part of it', async (t) => {
  const lines: string[] = []
  const log = createLogger('info', { write: (line) => void lines.push(line), flush: async () => {} }, 'json')
  log.warn('404 GET /a"\r\n{"level":"info"}\u2028')
  log.child({ name: 'Envoy' }).error('x'.repeat(100_000))
  const [hostile = '', long = ''] = lines
  t.match(JSON.parse(hostile), {
    time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
    level: 'warn',
    name: 'ConfigProxy',
    message: '404 GET /a"\\u{d}\\u{a}{"level":"info"}\\u{2028}',
  })
  t.match(JSON.parse(long), { level: 'error', name: 'Envoy', message: /^x{2000}\.\.\. \(100000 characters\)$/ })
  for (const line of lines) t.equal(line.indexOf('\n'), line.length - 1)
  t.match(JSON.parse(leftOutLine(7, 'json')), { level: 'warn', message: /^7 lines were left out/ })
})

t.test('the level can be changed at any time, for the lines of others too', async (t) => {
  const lines: string[] = []
  const log = createLogger('error', { write: (line) => void lines.push(line), flush: async () => {} })
  const child = log.child({ name: 'Envoy' })
  child.debug('not yet')
  setLevel(log, 'debug')
  child.debug('now')
  setLevel(log, 'error')
  child.warn('no longer')
  const said = lines.map((line) => line.replace(/^.*?\[/, '['))
  t.strictSame(said, [
    '[ConfigProxy] info: The log level is debug now\n',
    '[Envoy] debug: now\n',
    '[ConfigProxy] info: The log level is error now\n',
  ])
})

t.test('equal lines in a row are one, and a sum', async (t) => {
  const passed: string[] = []
  const lines = new RepeatedLines((line) => void passed.push(line))
  for (const line of ['a', 'a', 'a', 'b', 'a']) lines.add(line)
  t.strictSame(passed, ['a', 'a (2 times more)', 'b', 'a'])
})
