import { CONTENDERS } from '../contenders/contender.js'
import { h2load } from '../load/h2load.js'
import { askFor } from '../load/wrk.js'
import { LOAD_FIGURES, measureLoad } from './load.js'
import { DEEP, spreadPaths } from './paths.js'
import type { StandingWork } from './work.js'

/** Small answers: as many requests as the proxy can carry. */
export const SMALL: StandingWork = {
  name: 'get-small',
  title: 'GET of two bytes, 100 routes, as fast as it goes',
  figures: LOAD_FIGURES,
  contenders: CONTENDERS,
  scene: { users: 100 },
  measure: ({ effort }, proxy) =>
    measureLoad(proxy, () => askFor(spreadPaths(100, '/x'), { url: httpUrl(proxy.port), seconds: effort.seconds })),
}

export const DEEP_10K: StandingWork = {
  name: 'get-deep-10k',
  title: 'GET of two bytes, nine segments deep, 100 of 10,000 routes in use',
  figures: LOAD_FIGURES,
  contenders: CONTENDERS,
  scene: { users: 10_000 },
  measure: ({ effort }, proxy) =>
    measureLoad(proxy, () =>
      askFor(spreadPaths(10_000, DEEP), { url: httpUrl(proxy.port), seconds: 2 * effort.seconds }),
    ),
}

export const TLS_CONNECTIONS: StandingWork = {
  name: 'tls-connections',
  title: 'GET of two bytes over TLS, each on a new connection',
  figures: { ...LOAD_FIGURES, rate: { title: 'new connections a second', unit: 'req/s' } },
  contenders: CONTENDERS,
  scene: { users: 100, tls: true },
  measure: ({ effort }, proxy) => {
    const headers = ['Connection: close']
    const load = { url: httpsUrl(proxy.port), seconds: effort.seconds, headers }
    return measureLoad(proxy, () => askFor(spreadPaths(100, '/x'), load))
  },
}

export const TLS_REQUESTS: StandingWork = {
  name: 'tls-requests',
  title: 'GET of two bytes over TLS, 16 connections that stay open',
  figures: LOAD_FIGURES,
  contenders: CONTENDERS,
  scene: { users: 100, tls: true },
  measure: ({ effort }, proxy) =>
    measureLoad(proxy, () =>
      askFor(spreadPaths(100, '/x'), { url: httpsUrl(proxy.port), seconds: 2 * effort.seconds }),
    ),
}

export const HTTP2_REQUESTS: StandingWork = {
  name: 'http2-requests',
  title: 'GET of two bytes over HTTP/2 with TLS, 4 connections with 10 requests at once; CHP has no HTTP/2',
  figures: LOAD_FIGURES,
  contenders: ['ours', 'envoy', 'traefik', 'haproxy', 'nginx'],
  scene: { users: 100, tls: true },
  measure: ({ effort }, proxy) =>
    measureLoad(proxy, () =>
      h2load({
        url: httpsUrl(proxy.port),
        paths: spreadPaths(100, '/x'),
        connections: 4,
        streams: 10,
        protocol: 'h2',
        amount: { seconds: effort.seconds },
      }),
    ),
}

export function httpUrl(port: number): string {
  return `http://127.0.0.1:${port}`
}

export function httpsUrl(port: number): string {
  return `https://127.0.0.1:${port}`
}
