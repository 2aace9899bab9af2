import type { EnvoysCommand } from './simulated-envoys.js'
import { SimulatedEnvoys } from './simulated-envoys.js'

/** A process of its own for Envoys that are simulated, so that what they take isn't counted. Started by EnvoysProcess. */
const envoys = new SimulatedEnvoys(process.argv[2] ?? '')

process.on('message', ({ id, method, args }: EnvoysCommand) => {
  const done = (result: unknown) => process.send?.({ id, result })
  const call: (...args: number[]) => unknown = envoys[method].bind(envoys)
  Promise.resolve(call(...args)).then(done, (error: Error) => process.send?.({ id, error: error.message }))
})
