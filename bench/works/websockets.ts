import type { Route } from '../contenders/contender.js'
import { allPids, CONTENDERS } from '../contenders/contender.js'
import { startServers } from '../load/backends.js'
import type { Websockets } from '../load/websockets.js'
import { memoryMib } from '../machine/usage.js'
import { Remote } from '../remote.js'
import { measureCpu } from './load.js'
import { LARGE, userPath } from './paths.js'
import type { FreshWork, StandingWork } from './work.js'

const ACTIVE = 200
const IDLE = 2_000
const USERS = 1_000
const KIB = 1_024

export const WEBSOCKET_MESSAGES: StandingWork = {
  name: 'websocket-messages',
  title: `${ACTIVE} websockets whose messages of 64 bytes come back, each sent when the last has come`,
  figures: {
    rate: { title: 'messages a second, there and back', unit: 'messages/s' },
    cpu: { title: 'CPU a message, there and back', unit: 'us' },
    busy: { title: 'of one processor, taken by all processes', unit: '%', isCondition: true },
    capacity: { title: 'messages a second that one processor can carry', unit: 'messages/s' },
    p50: { title: 'median until it is back', unit: 'ms' },
    p99: { title: '99 % back within', unit: 'ms' },
  },
  contenders: CONTENDERS,
  scene: { users: 100 },
  measure: ({ effort }, proxy) =>
    withWebsockets(async (users) => {
      await users.call('open', proxy.port, Array(ACTIVE).fill(`${LARGE}/socket`))
      const talk = () => users.call('talk', { sockets: ACTIVE, seconds: effort.seconds })
      const { result, dataCpu, controlCpu } = await measureCpu(proxy, talk)
      const { rate, p50, p99, messages } = result
      const cpu = (dataCpu + controlCpu) / messages
      return { rate, cpu: cpu * 1e6, busy: cpu * rate * 100, capacity: 1 / cpu, p50, p99 }
    }),
}

/** Of each that talks, a second. */
const TALK_RATE = 5

export const WEBSOCKETS_IDLE: FreshWork = {
  name: 'websockets-idle',
  title: `${IDLE} idle websockets, then ${ACTIVE} more that send ${TALK_RATE} messages a second each`,
  figures: {
    memory: { title: 'memory an idle websocket, of all processes', unit: 'KiB' },
    cpu: { title: `CPU, while ${ACTIVE} talk`, unit: '%' },
    p50: { title: 'median until a message is back', unit: 'ms' },
    p99: { title: '99 % back within', unit: 'ms' },
  },
  contenders: ['ours', 'chp-5.3.0', 'chp-4.6.3', 'envoy'],
  measureFresh: ({ contender, setup, effort }) =>
    withBackend(async (target) => {
      const proxy = await contender.start(setup({ users: 0 }, userRoutes(ACTIVE, target)))
      try {
        return await withWebsockets(async (users) => {
          // The first ones make what is needed however many there are.
          await users.call('open', proxy.port, socketPaths(ACTIVE, ACTIVE))
          const before = await memoryMib(await allPids(proxy))
          await users.call('open', proxy.port, socketPaths(IDLE, ACTIVE))
          const after = await memoryMib(await allPids(proxy))
          const talk = () => users.call('talk', { sockets: ACTIVE, seconds: effort.seconds, rate: TALK_RATE })
          const { result, seconds, dataCpu, controlCpu } = await measureCpu(proxy, talk)
          const memory = ((after - before) * KIB) / IDLE
          return { memory, cpu: ((dataCpu + controlCpu) / seconds) * 100, p50: result.p50, p99: result.p99 }
        })
      } finally {
        await proxy.stop()
      }
    }),
}

export const USERS_1K: FreshWork = {
  name: 'users-1k',
  title: `${USERS} users with a route and a websocket each`,
  figures: { memory: { title: 'memory of all processes', unit: 'MiB' } },
  contenders: ['ours', 'chp-5.3.0', 'chp-4.6.3'],
  measureFresh: ({ contender, setup }) =>
    withBackend(async (target) => {
      const proxy = await contender.start(setup({ users: 0 }, userRoutes(USERS, target)))
      try {
        return await withWebsockets(async (users) => {
          await users.call('open', proxy.port, socketPaths(USERS, USERS))
          await users.call('talk', { sockets: USERS, seconds: 1, rate: 1 })
          return { memory: await memoryMib(await allPids(proxy)) }
        })
      } finally {
        await proxy.stop()
      }
    }),
}

function userRoutes(users: number, target: string): Route[] {
  return Array.from({ length: users }, (_, user) => ({ path: userPath(user), target }))
}

/** As many websockets, spread over the users' routes. */
function socketPaths(sockets: number, users: number): string[] {
  return Array.from({ length: sockets }, (_, socket) => `${userPath(socket % users)}/socket`)
}

/** A backend of its own, since the kernel keeps the port of a connection that has ended for a minute, for each target. */
async function withBackend<T>(act: (target: string) => Promise<T>): Promise<T> {
  const backend = await startServers()
  try {
    return await act(backend.url)
  } finally {
    await backend.stop()
  }
}

async function withWebsockets<T>(act: (users: Remote<Websockets>) => Promise<T>): Promise<T> {
  const users = new Remote<Websockets>(new URL('../load/websockets.js', import.meta.url))
  try {
    return await act(users)
  } finally {
    await users.stop()
  }
}
