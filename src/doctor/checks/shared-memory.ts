import { access, constants, statfs } from 'node:fs/promises'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok, usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'

const PLACE = '/dev/shm'

/** What two Envoys share during a hot restart is less than this, in bytes. */
const NEEDED = 1024 * 1024

export interface SharedMemoryFacts {
  readonly isWritable: boolean
  /** In bytes; undefined if there is no such file system. */
  readonly free: number | undefined
}

export const SHARED_MEMORY: Check<Subject, SharedMemoryFacts> = {
  code: 'CEP0305',
  question: `Can Envoy use ${PLACE}, which a replacement without a break needs?`,
  fatal: false,
  remedy: `mount -t tmpfs -o mode=1777,size=64m tmpfs ${PLACE}; in a pod an emptyDir with \`medium: Memory\` there`,
  async gather({ sections }) {
    if (usable(sections.external) !== undefined) throw new Inapplicable('Envoys are started by others')
    const isWritable = await access(PLACE, constants.W_OK).then(
      () => true,
      () => false,
    )
    const free = await statfs(PLACE).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => undefined,
    )
    return { isWritable, free }
  },
  judge({ isWritable, free }) {
    const effect = 'with new start-up options connections break, as Envoy is restarted and not replaced'
    if (!isWritable || free === undefined) return failed(`this user may not write there: ${effect}`)
    return free < NEEDED ? failed(`it is full: ${effect}`) : ok(`${Math.floor(free / NEEDED)} MiB are free`)
  },
}
