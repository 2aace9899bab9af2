import type { MadeUp } from './made-up-site.js'
import { route } from './made-up-site.js'
import { before, event, factsOf, failure, SOUND } from './status-facts.js'

const HUB = route('/', { target: 'http://127.0.0.1:8081' }, 1)

/** A proxy of a class, and nothing wrong. */
export const CLASSROOM: MadeUp = {
  routes: [
    HUB,
    ...['ana', 'bob', 'carol', 'dan', 'eve', 'femi', 'gus', 'hana', 'ivo', 'june'].map((user, index) =>
      route(`/user/${user}`, { user, target: `http://10.0.0.${index + 8}:8888` }, 4 + index * index * 9),
    ),
  ],
}

/** Two control planes, of which this one is well and the other has lost its place. */
export const TWO_CONTROL_PLANES: MadeUp = {
  ...CLASSROOM,
  facts: factsOf(
    {},
    {
      fleet: {
        ...{ store: 'etcd', revision: '48211' },
        members: [
          {
            ...{ id: 'a1', address: 'proxy-0.proxy.jupyterhub.svc.cluster.local:18001', self: true, standing: 'in' },
            ...{ acknowledged: '48211', envoys: ['gateway-7d4f', 'gateway-9c1b'], fenced: false },
            ...{ heard_seconds_ago: null, lease_renewed_seconds_ago: 1 },
          },
          {
            ...{ id: 'b2', address: 'proxy-1.proxy.jupyterhub.svc.cluster.local:18001', self: false, standing: 'in' },
            ...{
              acknowledged: '48190',
              envoys: [],
              fenced: true,
              heard_seconds_ago: 12,
              lease_renewed_seconds_ago: null,
            },
          },
        ],
        fenced: [
          {
            ...{ at: before(30).toISOString(), id: 'b2', self: false, why: 'it has not acknowledged a write in time' },
            address: 'proxy-1.proxy.jupyterhub.svc.cluster.local:18001',
          },
        ],
      },
    },
  ),
}

/** All that can be shown: findings of both levels, failures, a certificate that has ended, an Envoy that is behind. */
export const TROUBLE: MadeUp = {
  routes: [
    HUB,
    route('/user/bob', { user: 'bob', server_name: '', target: 'http://10.0.0.9:8888' }, 300),
    route('/user/eve'),
  ],
  facts: factsOf(
    {
      certificates: [{ option: '--ssl-cert', path: '/etc/tls/hub.pem', expires: before(3 * 86_400) }],
      limits: SOUND.limits.map((fill) =>
        fill.limit === 'heap' ? { ...fill, used: 460 * 2 ** 20, ratio: 0.75 } : fill,
      ),
      envoys: SOUND.envoys.map((envoy) => ({ ...envoy, rejected: 1, pending: 2 })),
    },
    {
      refusals: new Map([['/user/eve', 'the port is not valid']]),
      failures: [failure()],
      events: [event('envoy_back', { reason: 'it was away for 0.9 s' }), event('envoy_ended')],
    },
  ),
}
