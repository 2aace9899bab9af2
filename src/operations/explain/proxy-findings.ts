import type { Facts } from './facts.js'
import { ago, failedWithin, LATELY_MS } from './facts.js'
import type { Finding } from './finding.js'
import { error, warning } from './finding.js'
import { reached, times } from './limit-findings.js'

/** What is wrong with the proxy itself, for every route. */
export function* proxyFindings(facts: Facts): Iterable<Finding> {
  yield* envoys(facts)
  yield* certificate(facts)
  yield* limits(facts)
  yield* store(facts)
}

function* envoys({ envoys: all, envoyEvent, now }: Facts): Iterable<Finding> {
  const last = envoyEvent && `${envoyEvent.reason}, ${ago(envoyEvent.at, now)}`
  if (all.length > 0 && all.every(({ state }) => state === 'loading')) {
    yield error(
      'envoy_restarting',
      'Envoy has just started and is loading its routes.',
      'Wait some seconds, then ask again.',
    )
  } else if (all.length === 0 && envoyEvent?.kind === 'envoy_ended') {
    yield error(
      'envoy_restarting',
      `Envoy has ended (${last}) and is being started again.`,
      'Wait some seconds. If it ends again and again, the log says why: look for "Envoy has ended".',
    )
  } else if (all.length === 0) {
    yield error(
      'envoy_away',
      `No Envoy is connected to the control plane${last === undefined ? '' : ` (the last one: ${last})`}: users reach nothing, or the routes that Envoy had.`,
      'Start Envoy, or see in its log why it can not connect to this control plane.',
    )
  }
  const behind = all.filter(({ state }) => state === 'missing' || state === 'earlier')
  if (behind.length > 0) {
    const names = behind.map(({ node }) => node).join(', ')
    const what = `${names} has not acknowledged the latest version of the route yet`
    yield warning('envoy_behind', `${what}.`, 'Ask again in some seconds; if it stays so, restart that Envoy.')
  }
}

function* certificate({ certificateEnds, now }: Facts): Iterable<Finding> {
  if (certificateEnds === undefined || certificateEnds > now) return
  yield error(
    'certificate_expired',
    `The certificate of the public port has expired, ${ago(certificateEnds, now)}: browsers refuse the connection.`,
    'Replace the file of --ssl-cert; the proxy reads it again by itself.',
  )
}

function* limits({ ofNoRoute, now }: Facts): Iterable<Finding> {
  yield* reached(
    { cause: 'heap_full', failures: ofNoRoute, now },
    "Envoy's memory is nearly full, so it refuses requests",
    'Raise --max-heap, with the memory of its container, or look for clients that read their answers too slowly.',
  )
  yield* reached(
    { cause: 'connections_full', failures: ofNoRoute, now },
    'As many connections are open as --max-connections allows; more are closed',
    'Raise --max-connections, and the limit of open files with it (ulimit -n).',
  )
  const unfinished = failedWithin(LATELY_MS, now, ofNoRoute, 'unfinished_full')
  if (unfinished === undefined) return
  yield warning(
    'unfinished_full',
    `Too many requests are unfinished, so some are refused (${times(unfinished, now)}).`,
    'Look for a client that begins many requests and does not end them.',
  )
}

function* store({ unstored, failedChange, now }: Facts): Iterable<Finding> {
  if (unstored === undefined || failedChange?.kind === 'not_stored') return
  yield warning(
    'disk_full',
    `Since ${ago(unstored.since, now)} no change of a route can be stored: ${unstored.reason}. New servers get no route.`,
    'Free space in the state directory (--state-dir); the next change is stored then.',
  )
}
