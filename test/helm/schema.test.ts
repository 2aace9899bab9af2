import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { OPTIONS } from '../../src/settings/settings.js'
import { CHART } from './render.js'

t.test('the chart takes every option of the proxy as an extra argument, and nothing else', async (t) => {
  const schema = JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8'))
  const pattern = new RegExp(schema.properties.proxy.properties.extraArgs.items.pattern)
  for (const { flags, choices } of OPTIONS) {
    const [flag, value] = flags.split(' ')
    t.match(value === undefined ? flag : `${flag}=${choices?.[0] ?? 1}`, pattern)
  }
  for (const other of [
    '--timout=1',
    '--timeout',
    '--timeout=1s',
    '--no-x-forward=1',
    '--envoy-mode=none',
    '-h',
    '--',
  ]) {
    t.notMatch(other, pattern)
  }
})
