import type { Rehearsal } from '../../src/rehearse/record.js'
import { incident, madeUpProcess, madeUpRehearsal, second, user } from './made-up-rehearsal.js'

/** CHP is killed, nobody tells the hub, and a user is without service for 40 s. */
export function badDay(): Rehearsal {
  const calm = madeUpRehearsal()
  const deeds = [
    { atMs: 60_000, what: 'killed proxy 100' },
    { atMs: 65_000, what: 'the public port accepts connections again' },
  ]
  return madeUpRehearsal({
    proxy: { ...calm.proxy, version: '4.6.3' },
    seconds: calm.seconds.map(({ at }) =>
      at >= 60 && at < 100 ? second(at, { failures: { 'status 503': 1 }, excused: at === 60 ? 30 : 0 }) : second(at),
    ),
    users: calm.users.map(({ name }, index) =>
      user(name, index === 3 ? { failures: 40, gaps: 1, longestGapMs: 40_000, totalGapMs: 40_000 } : {}),
    ),
    failures: [
      {
        ...{ kind: 'status 503', excused: false, count: 40, users: 1, firstMs: 60_100, lastMs: 99_000 },
        example: 'GET /user/rehearsal-3/api/status',
      },
      {
        ...{ kind: 'refused', excused: true, count: 30, users: 9, firstMs: 60_000, lastMs: 60_100 },
        example: 'GET /user/rehearsal-1/api/status',
      },
    ],
    incidents: [incident('proxy-killed', 60, 65, { deeds })],
    processes: [
      madeUpProcess({ to: 60, mib: (at) => 80 + at, sockets: (at) => 30 + 2 * at }),
      madeUpProcess({ pid: 101, from: 65 }),
    ],
  })
}
