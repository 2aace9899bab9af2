import { randomBytes } from 'node:crypto'
import type { ClientRequest } from 'node:http'
import { request } from 'node:http'
import { request as requestTls } from 'node:https'
import type { World } from '../world.js'
import type { NamedIncident } from './incident.js'
import { forAll, playedHub, playedServers, routespecOf, someUsers } from './parts.js'

/** The users whose server is too busy to answer, on nodes that are full. */
const BUSY_SHARE = 0.1
/** Requests and websockets a second that busy servers don't answer, until their user reloads the page. */
const GIVEN_UP_A_SECOND = 100
const PATIENCE_MS = 1_000
/** Users who vanish and come back, and users whose server is started anew while its page is open; each second. */
const VANISHING_SHARE = 0.02
const REPLACED_SHARE = 0.01
const TURN_MS = 1_000
/** Within which time a user notices that a server has ended. */
const NOTICED_WITHIN_MS = 2_000

const UPGRADE = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' } as const

export const CORE_2024: NamedIncident = {
  name: 'core-2024',
  description:
    'Until the end: a tenth of the servers are too busy to answer and their users reload the page, again and again; others vanish and come back, and servers are replaced while pages are open.',
  noticed: 'Nothing, by those whose server is well. Memory and sockets of the proxy stay as they are.',
  source: 'https://github.com/berkeley-dsep-infra/datahub/blob/main/docs/admins/incidents/2024-core-node-incidents.md',
  interrupts: false,
  needs: ['played hub'],
  async run(world) {
    const servers = playedServers(world)
    const busy = someUsers(world, BUSY_SHARE)
    world.excuse(busy)
    await servers.hang(busy)
    world.did(`the servers of ${busy.length} users are too busy to answer`)
    let [givenUp, vanished, replaced] = [0, 0, 0]
    let away: readonly number[] = []
    do {
      giveUp(world, busy)
      givenUp += GIVEN_UP_A_SECOND
      world.users.come(away)
      away = others(world, busy, VANISHING_SHARE)
      world.users.leave(away, 'abruptly')
      vanished += away.length
      replaced += await replace(world, others(world, [...busy, ...away], REPLACED_SHARE))
    } while (await world.wait(TURN_MS))
    world.did(
      `${givenUp} requests and websockets were given up, ${vanished} users vanished, ${replaced} servers were replaced`,
    )
  },
}

function others(world: World, without: readonly number[], share: number): number[] {
  return someUsers(world, share).filter((user) => !without.includes(user))
}

/** Their servers end and are started again, with new routes, while their pages are open. */
async function replace(world: World, users: readonly number[]): Promise<number> {
  const [hub, servers] = [playedHub(world), playedServers(world)]
  const excusedUntil = world.excuse(users)
  const withServer = users.filter((user) => servers.target(user) !== undefined)
  await servers.end(withServer)
  await forAll(world, withServer, (user) => hub.remove(routespecOf(world, user)))
  await servers.start(withServer)
  await forAll(world, withServer, async (user) => {
    const target = servers.target(user)
    if (target !== undefined) await hub.add(routespecOf(world, user), target)
  })
  // Not waited for: a turn takes a second, and users notice later that their websocket is gone.
  void world.wait(NOTICED_WITHIN_MS).then(excusedUntil)
  return withServer.length
}

/** What users wait for until they reload the page, which closes the connection; spread over a turn. */
function giveUp(world: World, busy: readonly number[]): void {
  for (let count = 0; count < GIVEN_UP_A_SECOND; count += 1) {
    const user = busy[Math.floor(world.random() * busy.length)] ?? 0
    setTimeout(() => {
      // Half of what a page waits for are its websockets.
      const call = ask(world, `${routespecOf(world, user)}/api/kernels`, count % 2 === 0)
      setTimeout(() => call.destroy(), PATIENCE_MS)
    }, world.random() * TURN_MS)
  }
}

function ask({ proxy }: World, path: string, isWebsocket: boolean): ClientRequest {
  const url = new URL(path, proxy.publicUrl)
  const secure = url.protocol === 'https:'
  const headers = isWebsocket ? { ...UPGRADE, 'sec-websocket-key': randomBytes(16).toString('base64') } : {}
  const options = { agent: false, rejectUnauthorized: false, headers }
  const call = secure ? requestTls(url, options) : request(url, options)
  // What is given up can fail in any way.
  return call
    .on('error', () => {})
    .on('response', (response) => response.resume())
    .end()
}
