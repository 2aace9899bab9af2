import { addRoutes } from '../api-client.js'
import { allPids } from '../contenders/contender.js'
import { memoryMib } from '../machine/usage.js'
import type { FreshWork } from './work.js'

const ROUTES = 10_000
const KIB = 1_024

export const FILL: FreshWork = {
  name: 'fill-10k',
  title: `${ROUTES.toLocaleString('en')} routes added to an empty table, 10 at a time`,
  figures: {
    time: { title: 'time', unit: 's' },
    controlStart: { title: 'memory of what only configures, at the start', unit: 'MiB' },
    allStart: { title: 'memory of all processes, at the start', unit: 'MiB' },
    controlRoute: { title: 'memory a route, of what only configures', unit: 'KiB' },
    dataRoute: { title: 'memory a route, of what carries traffic', unit: 'KiB' },
  },
  contenders: ['ours', 'chp-5.3.0', 'chp-4.6.3'],
  measureFresh: async ({ contender, setup }) => {
    const { routes } = setup({ users: ROUTES })
    const proxy = await contender.start({ ...setup({ users: 0 }), routes: [] })
    try {
      const { data, control } = await proxy.pids()
      const [dataStart, controlStart] = [await memoryMib(data), await memoryMib(control)]
      const allStart = await memoryMib(await allPids(proxy))
      const time = (await addRoutes(proxy.apiPort ?? 0, routes)) / 1000
      const growth = async (pids: readonly number[], before: number) =>
        (((await memoryMib(pids)) - before) * KIB) / routes.length
      const [controlRoute, dataRoute] = [await growth(control, controlStart), await growth(data, dataStart)]
      return { time, controlStart, allStart, controlRoute, dataRoute }
    } finally {
      await proxy.stop()
    }
  },
}
