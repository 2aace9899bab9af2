import { statSync } from 'node:fs'
import { PACKAGE_ROOT } from '../../platform/package.js'
import { hubOf } from '../facts/hub.js'
import { routesOf } from '../facts/routes.js'
import type { Check } from '../model/check.js'
import { failed, ok } from '../model/check.js'
import type { Subject } from '../model/subject.js'

/** A moment that can't be in the future. */
export interface PastMoment {
  readonly what: string
  readonly at: Date
}

export interface ClockFacts {
  readonly now: Date
  readonly past: readonly PastMoment[]
  /** What the hub's clock said, and this one's at that time; undefined if it could not be asked. */
  readonly hub: { readonly its: Date; readonly ours: Date } | undefined
}

/** A header has seconds, and a busy hub some of them; tokens and certificates don't mind a minute. */
const TOLERANCE_MS = 60_000

export const CLOCK: Check<Subject, ClockFacts> = {
  code: 'CEP0603',
  question: 'Is the clock right, as far as can be seen from here?',
  fatal: false,
  remedy:
    'timedatectl set-ntp true, or in a container on its host; `timedatectl status` shows whether it is synchronised',
  async gather(subject) {
    const hub = await hubOf(subject).catch(() => undefined)
    const its = hub !== undefined && 'date' in hub.answer ? hub.answer.date : undefined
    const routes = await routesOf(subject).catch(() => [])
    const latest = Math.max(0, ...routes.map(({ lastActivity }) => lastActivity.getTime()))
    return {
      now: new Date(),
      past: [
        { what: 'the installation of this program', at: statSync(`${PACKAGE_ROOT}package.json`).mtime },
        { what: 'the last activity of a route', at: new Date(latest) },
      ],
      hub: hub === undefined || its === undefined ? undefined : { its, ours: hub.at },
    }
  },
  judge({ now, past, hub }) {
    const later = past.find(({ at }) => at.getTime() > now.getTime() + TOLERANCE_MS)
    if (later !== undefined) {
      return failed(`it says ${now.toISOString()}, which is before ${later.what} (${later.at.toISOString()})`)
    }
    if (hub === undefined) return ok('nothing that is stored here is from the future')
    const difference = Math.round((hub.ours.getTime() - hub.its.getTime()) / 1000)
    return Math.abs(difference) * 1000 > TOLERANCE_MS
      ? failed(`it is ${Math.abs(difference)} s ${difference > 0 ? 'ahead of' : 'behind'} the hub's`)
      : ok("the hub's says the same")
  },
}
