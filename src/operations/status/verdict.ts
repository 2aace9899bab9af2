import type { StatusFacts } from './facts.js'
import type { Finding, Verdict } from './finding.js'
import { certificateRules } from './rules-certificates.js'
import { envoyRules } from './rules-envoys.js'
import { fleetRules } from './rules-fleet.js'
import { limitRules } from './rules-limits.js'
import { routeRules } from './rules-routes.js'
import { trafficRules } from './rules-traffic.js'

const RULES = [envoyRules, fleetRules, limitRules, certificateRules, trafficRules, routeRules]

/** What these facts mean for users. The order of the rules is the order of equally bad findings. */
export function verdict(facts: StatusFacts): Verdict {
  const found = RULES.flatMap((rule) => rule(facts))
  const findings = [...found.filter(isRed), ...found.filter((finding) => !isRed(finding))]
  const [worst] = findings
  return {
    level: worst?.level ?? 'green',
    reason: worst?.what ?? 'Users are served, and nothing is near a limit.',
    findings,
  }
}

function isRed({ level }: Finding): boolean {
  return level === 'red'
}
