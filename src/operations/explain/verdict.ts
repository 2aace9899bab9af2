import type { Facts } from './facts.js'
import type { Finding } from './finding.js'
import { proxyFindings } from './proxy-findings.js'
import { routeFindings } from './route-findings.js'
import { targetFindings } from './target-findings.js'

/** What is wrong, the most important first; at least one, which says so if nothing is wrong. A pure function. */
export function findings(facts: Facts): readonly Finding[] {
  const { isHealthCheck, taker, path } = facts
  const found = [...proxyFindings(facts), ...(isHealthCheck ? [] : [...routeFindings(facts), ...targetFindings(facts)])]
  const sorted = ['error', 'warning'].flatMap((severity) => found.filter((one) => one.severity === severity))
  if (sorted.length > 0) return sorted
  if (isHealthCheck) return [fine('health_check', `${path} is the health check: Envoy answers it itself.`)]
  const { target } = taker ?? {}
  return [fine('ok', `Nothing is wrong: ${target?.place} answers, with status ${target?.probe.status}.`)]
}

function fine(cause: 'ok' | 'health_check', what: string): Finding {
  return { cause, severity: 'ok', what, todo: '' }
}
