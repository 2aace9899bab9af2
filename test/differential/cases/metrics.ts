import type { Case, Setup } from '../case.js'
import { ask, at } from '../requests.js'

const routes = { '/r': '{backend}' }

const METRICS: Setup = { options: ['--ip', '::', '--metrics-ip', '127.0.0.1', '--metrics-port', '{metricsPort}'] }

export const METRICS_SERVER: readonly Case[] = [
  {
    name: 'their names',
    setup: METRICS,
    body: 'metric names',
    routes,
    talk: [...ask('GET /r'), ...ask('GET /nothing'), ...at('metrics', 'GET /metrics')],
  },
  { name: 'another path', setup: METRICS, talk: at('metrics', 'GET /') },
  { name: 'a slash after it', setup: METRICS, talk: at('metrics', 'GET /metrics/') },
  { name: 'a query', setup: METRICS, talk: at('metrics', 'GET /metrics?x') },
  {
    name: 'by POST',
    setup: METRICS,
    body: 'metric names',
    talk: at('metrics', 'POST /metrics', 'Content-Length: 0'),
  },
  { name: 'by HEAD', setup: METRICS, talk: at('metrics', 'HEAD /metrics') },
  { name: 'not on the public port', setup: METRICS, talk: ask('GET /metrics') },
  { name: 'not on the API port', setup: METRICS, talk: at('api', 'GET /metrics') },
]
