import { chooseBackend, isShared } from '../../store/open/open.js'
import { withSharedStore } from '../facts/shared-store.js'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok, usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'

export const SHARED_STORE: Check<Subject, readonly string[]> = {
  code: 'CEP0516',
  question: 'Does a store in Kubernetes or etcd take changes, and can several control planes know of each other there?',
  fatal: false,
  remedy:
    'In Kubernetes: kubectl apply --filename helm/z2jh/account.yaml. For etcd: let it compact its history ' +
    '(--auto-compaction-retention=1h), defragment it, then etcdctl alarm disarm',
  async gather(subject) {
    const { backend } = await chooseBackend({ ...usable(subject.sections.store), env: subject.env })
    if (!isShared(backend)) throw new Inapplicable('routes are in no such store')
    return withSharedStore(backend, subject, async ({ warnings }) => warnings)
  },
  judge: (warnings) => (warnings.length === 0 ? ok('it does, and they can') : failed(warnings.join('; '))),
}
