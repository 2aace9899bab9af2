import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { EnvoyLogFile } from '../../src/data-plane/embedded/log-file.js'
import { temporaryDirectory } from '../support/directory.js'

t.test('what Envoy prints is passed on by lines, and a line without an end in parts', async (t) => {
  const path = join(await temporaryDirectory(t), 'envoy.log')
  const lines: string[] = []
  const log = new EnvoyLogFile(path, (line) => lines.push(line))
  t.teardown(() => log.close())
  appendFileSync(path, 'one\ntw')
  log.read()
  t.strictSame(lines, ['one'])
  appendFileSync(path, 'o\n')
  log.read()
  t.strictSame(lines.splice(0), ['one', 'two'])
  appendFileSync(path, 'x'.repeat(200_000))
  log.read()
  t.ok(lines.length > 1, 'before it ends')
  appendFileSync(path, '\nthree\n')
  log.read()
  t.equal(lines.pop(), 'three')
  t.equal(lines.join(''), 'x'.repeat(200_000))
})
