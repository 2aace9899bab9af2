import t from 'tap'
import { routeMetadata } from '../../src/resources/clusters/route-metadata.js'
import { readRouteRecord, routeRecord } from '../../src/resources/clusters/route-record.js'
import { METADATA_NAMESPACE } from '../../src/resources/names.js'
import { parseTarget } from '../../src/routing/target.js'
import { forwarding } from '../support/forwarding.js'

interface Case {
  readonly name: string
  readonly key?: string
  readonly target: string
  readonly options?: readonly string[]
  readonly hostRouting?: boolean
  readonly expected: Readonly<Record<string, string>>
}

const CASES: readonly Case[] = [
  {
    name: "the target's path goes before the request's",
    target: 'http://10.0.0.1:8888/base/',
    expected: { target: 'http://10.0.0.1:8888/base', path_prefix: '/base' },
  },
  {
    name: 'not with --no-prepend-path',
    target: 'http://10.0.0.1:8888/base',
    options: ['--no-prepend-path'],
    expected: { path_prefix: '' },
  },
  {
    name: "--no-include-prefix takes the route's bytes away",
    key: '/user/ü',
    target: 'http://10.0.0.1:8888/base',
    options: ['--no-include-prefix'],
    expected: { strip: '8 /base' },
  },
  {
    name: 'none of the default route',
    key: '/',
    target: 'http://10.0.0.1:8888',
    options: ['--no-include-prefix'],
    expected: { strip: '0 ' },
  },
  {
    name: 'and not those of the host',
    key: '/a.example/user',
    target: 'http://10.0.0.1:8888',
    options: ['--no-include-prefix'],
    hostRouting: true,
    expected: { strip: '5 ' },
  },
  {
    name: "the origin leaves out the scheme's own port",
    target: 'https://name:443',
    options: ['--change-origin'],
    expected: { origin: 'name' },
  },
  {
    name: 'and keeps any other',
    target: 'https://[::1]:8443',
    options: ['--auto-rewrite'],
    expected: { origin: '[::1]:8443', target: 'https://[::1]:8443' },
  },
  {
    name: 'a socket is named by its path',
    target: 'http+unix://%2Frun%2Fu.sock',
    options: ['--protocol-rewrite', 'https'],
    expected: { origin: 'localhost', target: 'unix:/run/u.sock' },
  },
  {
    name: 'credentials of a target are not shown',
    target: 'http://user:secret@10.0.0.1:8888',
    expected: { target: 'http://10.0.0.1:8888' },
  },
]

t.test('the metadata of a cluster is what the one route must know of it', async (t) => {
  for (const { name, key = '/user/a', target, options = [], hostRouting = false, expected } of CASES) {
    const input = { key, target: parseTarget(target) }
    const { filter_metadata } = routeMetadata(input, { hostRouting, forwarding: forwarding(...options) })
    const fields = filter_metadata?.[METADATA_NAMESPACE]?.fields ?? {}
    for (const [field, text] of Object.entries(expected)) t.equal(fields[field]?.stringValue, text, name)
  }
})

t.test('a route is read back from the cluster that Envoy shows', async (t) => {
  const record = { routespec: '/user/a', data: { target: 'http://10.0.0.1:1', user: 'a' } }
  const dumped = (route: unknown) => ({
    name: 'r:/user/a',
    metadata: { filter_metadata: { [METADATA_NAMESPACE]: { route } } },
  })
  t.strictSame(readRouteRecord(dumped(routeRecord(record))), record)
  t.throws(() => readRouteRecord({ name: 'r:/user/a' }), /no record of its route/)
  t.throws(() => readRouteRecord(dumped('{"data":{"target":"http://a"}}')), /no routespec/)
  t.throws(() => readRouteRecord(dumped('{"routespec":"/a"}')), /no target/)
  t.throws(() => readRouteRecord(dumped('{"routespec":"/a","data":{"target":"nothing"}}')), /nothing/)
})
