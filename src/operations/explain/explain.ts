import { hostNameOf } from '../../resources/clusters/cluster.js'
import { FAILURE_WORDS } from '../../resources/counters/failure-reasons.js'
import { HEALTH_PATH } from '../../resources/names.js'
import type { RecentEvent } from '../recent/events.js'
import type { RecentFailure } from '../recent/failures.js'
import type { Recents } from '../recent/recents.js'
import type { Found, TableSources } from './candidates.js'
import { candidateOf, candidates, holdingOf, isServed, whyOf } from './candidates.js'
import type { ExplainedEvent, ExplainedFailure, ExplainedRoute, Explanation, Question } from './explanation.js'
import type { Facts, ProbedTarget } from './facts.js'
import { lookupKeys } from './lookup.js'
import { shownData, shownTarget } from './posted.js'
import type { ProbingSources } from './probing.js'
import { certificateEnd, probed, targetOf } from './probing.js'
import { findings } from './verdict.js'

/** What an explanation is made from. All of it is read when the question is asked. */
export interface ExplainSources extends TableSources, ProbingSources {
  readonly recents: Recents
  /** What a route has under way now; undefined if Envoy can't be asked. */
  readonly requestsOf: (key: string) => Promise<number | undefined>
  readonly now: () => Date
}

/** How many events are shown. */
const EVENTS = 10

/** Explains what becomes of a request. It costs the same whatever the size of the table, and ends within some seconds. */
export async function explain(question: Question, sources: ExplainSources): Promise<Explanation> {
  const { recents, now } = sources
  const { hostRouting } = sources.settings.routing
  const keys = lookupKeys(question.path, question.host ?? '', hostRouting)
  const found = candidates(keys, hostRouting, sources)
  const taker = found.find(isServed)
  const root = found.find(({ key }) => key === '/')
  const [target, hub, requests] = await Promise.all([
    taker && probed(taker, sources),
    root && root !== taker ? probed(root, sources) : undefined,
    taker && sources.requestsOf(taker.key),
  ])
  const envoys = (found[0]?.holdings ?? sources.clusters.holdings('')).map(holdingOf)
  const given = { question, keys, found, taker, target, hub, envoys }
  const facts = { ...factsOf(given, sources), certificateEnds: await certificateEnd(sources) }
  const verdict = findings(facts)
  const failures = taker === undefined ? recents.failures.ofNoRoute : recents.failures.of(taker.key)
  return {
    at: now().toISOString(),
    asked: question,
    reachable: verdict.every(({ severity }) => severity !== 'error'),
    findings: verdict,
    route: taker === undefined ? null : routeOf(taker, found, requests, sources),
    candidates: found.map((one) => candidateOf(one, one === taker)),
    envoys,
    probe: target?.probe ?? null,
    hub: hub?.probe ?? null,
    errors: failures.map(failureOf),
    events: recents.events.all
      .filter((event) => concerns(event, keys))
      .slice(0, EVENTS)
      .map(eventOf),
  }
}

interface Given {
  readonly question: Question
  readonly keys: readonly string[]
  readonly found: readonly Found[]
  readonly taker: Found | undefined
  readonly target: ProbedTarget | undefined
  readonly hub: ProbedTarget | undefined
  readonly envoys: Facts['envoys']
}

function factsOf(given: Given, { recents, settings, now }: ExplainSources): Omit<Facts, 'certificateEnds'> {
  const { question, keys, found, taker, target, hub, envoys } = given
  const [wanted] = found
  const { events, failures, unstoredSince } = recents
  const longer = keys.filter((key) => key.length > (taker?.key.length ?? 0) && !found.some((one) => one.key === key))
  const changes = longer.flatMap((key) => events.lastOf(key, 'route_refused', 'not_stored') ?? [])
  return {
    now: now(),
    path: question.path,
    isHealthCheck: question.path === HEALTH_PATH,
    wanted: wanted && { routespec: wanted.route.routespec, refused: wanted.refused },
    taker: taker && {
      routespec: taker.route.routespec,
      target,
      failures: failures.of(taker.key),
      maxRequests: settings.limits.maxRequestsPerRoute,
    },
    envoys,
    envoyEvent: events.ofEnvoys,
    failedChange: changes.find(({ isOver }) => !isOver),
    unstored: unstoredSince && { since: unstoredSince, reason: events.last('not_stored')?.reason ?? '' },
    ofNoRoute: failures.ofNoRoute,
    hub,
  }
}

function routeOf(
  taker: Found,
  found: readonly Found[],
  requests: number | undefined,
  { names, recents, now }: ExplainSources,
): ExplainedRoute {
  const { routespec, data, lastActivity, added } = taker.route
  const target = targetOf(taker)
  const host = target && hostNameOf(target)
  return {
    routespec,
    why: whyOf(taker, found),
    target: shownTarget(data.target),
    addresses: host === undefined ? [] : names.known(host),
    posted: shownData(data),
    added: added === undefined ? null : new Date(added * 1000).toISOString(),
    lastActivity: lastActivity.toISOString(),
    underWay: requests ?? recents.streams.of(taker.key, now()),
    underWayOf: requests === undefined ? 'longer_than_2_s' : 'all',
  }
}

function failureOf({ code, first, last, count }: RecentFailure): ExplainedFailure {
  const reason = code === 'connections_full' ? 'too many connections, see --max-connections' : FAILURE_WORDS.get(code)
  return { code, reason: reason ?? code, first: first.toISOString(), last: last.toISOString(), count }
}

function concerns({ kind, subject }: RecentEvent, keys: readonly string[]): boolean {
  return kind === 'route_refused' || kind === 'not_stored' ? keys.includes(subject) : true
}

function eventOf({ kind, subject, at, count, reason }: RecentEvent): ExplainedEvent {
  return { kind, subject, at: at.toISOString(), count, reason }
}
