import t from 'tap'
import { ClusterPublisher } from '../../src/publisher.js'
import { parseTarget } from '../../src/routing/target.js'
import { ResourceCollection } from '../../src/xds/collection.js'
import { ONE_ENVOY } from '../../src/xds/fleet.js'
import type { DeltaResponse } from '../../src/xds/subscription.js'
import { forwarding } from '../support/forwarding.js'
import { DEFAULT_LIMITS } from '../support/limits.js'

/** A publisher whose one Envoy acknowledges everything; returns how many versions of the cluster it got. */
async function publish(lookup: () => Promise<Array<{ address: string; family: number }>>): Promise<number> {
  const clusters = new ResourceCollection({
    typeUrl: 'clusters',
    ackTimeoutMs: 1_000,
    fleet: ONE_ENVOY,
    onRejected: () => {},
  })
  const sent: DeltaResponse[] = []
  const send = (response: DeltaResponse) => {
    sent.push(response)
    setImmediate(() => {
      subscription.ack(response.nonce)
      subscription.flush()
    })
  }
  const subscription = clusters.subscribe({ node: 'one', subscribe: [], held: {} }, send, {
    node: 'one',
    flush: () => subscription.flush(),
    cutOff: () => {},
  })
  subscription.flush()
  const settings = {
    targetTls: { showCertificate: false, verify: true },
    hostRouting: false,
    forwarding: forwarding(),
    limits: DEFAULT_LIMITS,
  }
  const publisher = new ClusterPublisher({ clusters, settings, lookup, recoverable: false, warn: () => {} })
  const data = { target: 'http://a-name:80' }
  await publisher.publish({ key: '/a', target: parseTarget(data.target), route: { routespec: '/a', data } })
  await new Promise(setImmediate)
  return sent.filter(({ resources }) => resources.some(({ name }) => name === 'r:/a')).length
}

t.test('a host name is sent as what it resolves to, then for Envoy to resolve', async (t) => {
  t.equal(await publish(async () => [{ address: '10.0.0.1', family: 4 }]), 2)
})

t.test('one that does not resolve, or not soon, is left to Envoy and fails nothing', async (t) => {
  t.equal(await publish(() => Promise.reject(new Error('ENOTFOUND'))), 1)
  t.equal(await publish(() => new Promise(() => {})), 1)
})
