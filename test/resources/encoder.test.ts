import { setImmediate as endOfTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { routeCluster } from '../../src/resources/clusters/cluster.js'
import { RouteClusterEncoder } from '../../src/resources/clusters/encoder.js'
import { TYPE_URL } from '../../src/resources/names.js'
import { parseTarget } from '../../src/routing/target.js'
import { encode } from '../../src/xds/messages.js'
import { forwarding } from '../support/forwarding.js'
import { DEFAULT_LIMITS } from '../support/limits.js'
import { shown } from '../support/shown.js'

const settings = {
  targetTls: { showCertificate: false, verify: false },
  ...{ hostRouting: false, forwarding: forwarding(), limits: DEFAULT_LIMITS },
}

function input(name: string) {
  const target = 'http://10.0.0.1:8888'
  return { key: name, target: parseTarget(target), route: { routespec: name, data: { target, user: name } } }
}

t.test('what is kept of a cluster in two parts is the cluster', async (t) => {
  const encoder = new RouteClusterEncoder(settings)
  for (const name of ['/user/ann', '/user/秀樹', `/user/${'x'.repeat(4_000)}`]) {
    const { common, bytes } = encoder.encode(input(name))
    const value = Buffer.concat([common ?? Buffer.alloc(0), bytes])
    const whole = encode('envoy.config.cluster.v3.Cluster', routeCluster(input(name), settings)).bytes
    const type_url = TYPE_URL.cluster
    t.same(shown({ type_url, value }), shown({ type_url, value: whole }), name.slice(0, 20))
  }
})

t.test('a route takes no buffer of its own: these take more than what is in them', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const encoder = new RouteClusterEncoder(settings)
  const routes = 2_000
  const make = (name: string) =>
    Array.from({ length: routes }, (_, index) => encoder.encode(input(`/${name}/${index}`)))
  const used = async () => {
    // The memory of buffers is counted as free only after the collection.
    for (const _ of [1, 2, 3]) await endOfTurn(collect())
    return process.memoryUsage()
  }
  // With all code compiled.
  const kept = make('first')
  const before = await used()
  kept.push(...make('second'))
  const after = await used()
  t.equal(kept.length, 2 * routes)
  const [buffers, heap] = [after.arrayBuffers - before.arrayBuffers, after.heapUsed - before.heapUsed]
  t.ok(buffers / routes < 50, `${buffers / routes} bytes in buffers`)
  // Some 250 characters, a name, a version and the object.
  t.ok(heap / routes < 700, `${heap / routes} bytes in the heap`)
})
