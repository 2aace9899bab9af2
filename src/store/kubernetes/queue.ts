import { CallQueue } from '../call-queue.js'
import { ApiAwayError } from './client.js'

/** @param calls how many calls of the API are made at a time */
export function callQueue(calls: number): CallQueue {
  return new CallQueue({ calls, store: 'the Kubernetes API', isAway: (error) => error instanceof ApiAwayError })
}
