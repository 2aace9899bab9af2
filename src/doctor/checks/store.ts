import { FatalError } from '../../platform/fatal-error.js'
import { keptRoutes } from '../facts/routes.js'
import type { Check } from '../model/check.js'
import { failed, ok } from '../model/check.js'
import type { Subject } from '../model/subject.js'
import { isRunning } from '../model/subject.js'

export interface StoreFacts {
  /** Undefined if the running proxy has it open, which has read all of it. */
  readonly routes: number | undefined
  readonly fault: string | undefined
}

export const STORE: Check<Subject, StoreFacts> = {
  code: 'CEP0514',
  question: 'Can the stored routes be read, and are none damaged?',
  fatal: true,
  remedy:
    'On disk: replace routes.mdb by a good copy, or move it away. In Kubernetes: kubectl delete configmap NAME. In ' +
    'etcd: etcdctl del KEY. JupyterHub ' +
    'adds its own routes again',
  async gather(subject) {
    if (isRunning(subject)) return { routes: undefined, fault: undefined }
    return keptRoutes(subject).then(
      (routes) => ({ routes: routes.length, fault: undefined }),
      (error) => {
        if (error instanceof FatalError) return { routes: undefined, fault: error.message }
        throw error
      },
    )
  },
  judge({ routes, fault }) {
    if (fault !== undefined) return failed(fault.replace(/\.$/, ''))
    return ok(routes === undefined ? 'the running proxy has read them' : `${routes} routes, all as they were written`)
  },
}
