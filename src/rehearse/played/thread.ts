/* The thread in which hub and servers are played, beside that of the users. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Cast } from './cast.js'
import type { Call, FromThread } from './remote-stage.js'
import { Stage } from './stage.js'

const post = (message: FromThread) => parentPort?.postMessage(message)
const stage = new Stage(workerData as Cast, (trouble) => post({ trouble }))

parentPort?.on('message', async ({ id, method, args }: Call) => {
  try {
    const work = stage[method] as (...args: readonly unknown[]) => unknown
    post({ id, result: await work.apply(stage, [...args]) })
  } catch (error) {
    post({ id, error: (error as Error).message })
  }
})
