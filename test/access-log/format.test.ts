import { readFile } from 'node:fs/promises'
import t from 'tap'
import { accessLog } from '../../src/resources/access-log/access-log.js'
import { keptEarly, keptFilters } from '../../src/resources/access-log/kept.js'
import { routeMetadata } from '../../src/resources/clusters/route-metadata.js'
import { METADATA_NAMESPACE } from '../../src/resources/names.js'
import { parseTarget } from '../../src/routing/target.js'
import { ACCESS_LOG_FIELDS, parseFormat, readAccessLog } from '../../src/settings/access-log.js'
import { forwarding } from '../support/forwarding.js'
import { shown } from '../support/shown.js'

const options = { accessLogFormat: 'json', accessLogQuery: 'masked' } as const

t.test('a format is checked before the start', async (t) => {
  const cases: Array<[format: string, reason: RegExp]> = [
    ['', /it is empty/],
    ['%cookie%', /there is no field %cookie%\. Fields are time, client, /],
    ['%REQ(authorization)%', /there is no field/],
    ['100% of it', /a percent sign stands alone/],
    ['{"a": "%status%"', /begins like a JSON object, but is none/],
    ['{"a": 1}', /the value of "a" must be a text/],
    ['two\nlines', /a line end/],
    ['x'.repeat(5_000), /more than 4000 characters/],
  ]
  for (const [format, reason] of cases) {
    t.throws(() => parseFormat(format), reason, format.slice(0, 40))
    t.throws(() => readAccessLog({ ...options, accessLogFormat: format }), reason, 'also without an access log')
  }
  t.equal(readAccessLog(options), undefined)
  t.throws(() => readAccessLog({ ...options, accessLog: '' }), /needs a file/)
})

t.test('a format of its own, as a text and as a JSON object', async (t) => {
  t.strictSame(parseFormat('%status% 5%%'), { text: [{ field: 'status' }, { text: ' 5' }, { text: '%' }] })
  t.strictSame(parseFormat('{"s": "%status%", "app": "hub"}'), {
    json: new Map([
      ['s', [{ field: 'status' }]],
      ['app', [{ text: 'hub' }]],
    ]),
  })
  const settings = readAccessLog({ ...options, accessLog: '-', accessLogFormat: '{"ws":"%websocket%","n":"%status%"}' })
  const formats = settings && accessLog(settings).map(({ typed_config }) => shown(typed_config))
  t.match(formats?.[0], {
    '@type': /StdoutAccessLog/,
    log_format: { json_format: { n: '%RESPONSE_CODE%' } },
  })
})

t.test('what the log leaves out costs nothing', async (t) => {
  for (const accessLogQuery of ['none', 'masked', 'all'] as const) {
    const settings = readAccessLog({ ...options, accessLog: '/x', accessLogQuery })
    t.strictSame(settings && [...keptEarly(settings), ...keptFilters(settings)], [], accessLogQuery)
  }
})

t.test('each log of the default format has what its requests can have', async (t) => {
  const settings = readAccessLog({ ...options, accessLog: '/x' })
  const logs = settings ? accessLog(settings).map(({ typed_config }) => shown(typed_config) as Shown) : []
  const keys = logs.map(({ log_format }) => Object.keys(log_format.json_format))
  const failed = ['failure', 'reason', 'details']
  t.strictSame(
    keys.map((names) => [names.includes('query'), names.filter((name) => failed.includes(name))]),
    [
      [true, []],
      [false, []],
      [true, []],
      [true, failed],
    ],
    'with a query, without, websockets, errors',
  )
  const [ordinary] = logs
  t.match(ordinary?.log_format, { json_format: { query: '***' } })
  for (const [name, format] of Object.entries(ordinary?.log_format.json_format ?? {})) {
    t.notMatch(format, /CEL/, `${name}: no expression, which costs more than the rest of the line`)
    t.notMatch(format, /^%[^%]*METADATA[^%]*%$/, `${name}: no metadata alone, for which Envoy copies all of it`)
  }
  t.notHas(ordinary?.log_format, { omit_empty_values: true }, 'which would cost a third more')
})

interface Shown {
  readonly log_format: { readonly json_format: Readonly<Record<string, unknown>>; readonly omit_empty_values?: boolean }
}

t.test('a route has its names in the cluster only if they are asked for, and bounded', async (t) => {
  const route = {
    routespec: '/user/a',
    data: { target: 'http://10.0.0.1', user: 'a"b\n', server_name: 'x'.repeat(999) },
  }
  const input = { key: '/user/a', target: parseTarget(route.data.target) }
  const settings = { hostRouting: false, forwarding: forwarding() }
  const fields = (more: object) =>
    routeMetadata({ ...input, ...more }, settings).filter_metadata?.[METADATA_NAMESPACE]?.fields ?? {}
  t.strictSame(Object.keys(fields({})), ['target', 'path_prefix'])
  const named = shown({ fields: fields({ named: route }) }) as Record<string, string>
  t.match(named, { routespec: '/user/a', user: 'a_b_', server: 'x'.repeat(200) })
  t.equal(named.server?.length, 200)
  const service = { routespec: '/services/x', data: { target: 'http://10.0.0.1', user: 7 } }
  t.strictSame(Object.keys(fields({ named: service })), ['target', 'path_prefix', 'routespec'])
})

t.test('the document has every field, and its formats can be used', async (t) => {
  const text = await readFile('docs/access-log.md', 'utf8')
  const [, fields = ''] = /## Fields\n(.*?)\n## /s.exec(text) ?? []
  const listed = [...fields.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, names = '']) => names.match(/\w+/g))
  t.strictSame(listed.toSorted(), [...ACCESS_LOG_FIELDS].sort())
  const formats = [...text.matchAll(/--access-log-format '([^']*)'/g)].map(([, format = '']) => format)
  t.ok(formats.length >= 2)
  for (const format of formats) t.ok(parseFormat(format), format)
  const [example = '{}'] = /^ {4}\{"bytes.*?\}$/ms.exec(text) ?? []
  const keys = Object.keys(JSON.parse(example) as object)
  t.strictSame(keys, keys.toSorted(), "in Envoy's order")
  for (const key of keys)
    t.ok(
      ACCESS_LOG_FIELDS.some((field) => field === key),
      key,
    )
})
