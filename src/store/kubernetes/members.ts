import { Coalesced } from '../../platform/coalesced.js'
import type { Revision } from '../../routing/store.js'
import type { Member, Members } from '../shared.js'
import { LEASE_MS, LeaseLostError } from '../shared.js'
import type { Lease, Leases } from './leases.js'

/** What a call of the API is run by, which turns its errors into those of the contract. */
export type Run = <T>(task: () => Promise<T>) => Promise<T>

const ADDRESS = 'configurable-envoy-proxy/address'
const JOINED = 'configurable-envoy-proxy/joined'
const FENCED = 'configurable-envoy-proxy/fenced'

/** How often a fence is written while others write theirs. */
const TRIES = 10

/** A lease that was seen, and when it was first seen as it is, by this process's clock. */
interface Seen {
  readonly version: string | undefined
  readonly since: number
}

/**
 * Members as Leases. One has expired if it hasn't changed for {@link LEASE_MS} by the reader's own clock: Kubernetes
 * itself ends none.
 *
 * Who is fenced is written into one more object first, which only takes one change at a time. So who has been fenced can't
 * fence another any more. The Lease is then removed.
 */
export class KubernetesMembers implements Members {
  readonly #leases: Leases
  readonly #store: string
  readonly #run: Run
  readonly #now: () => number
  #mine: Lease | undefined
  #seen = new Map<string, Seen>()
  readonly #lists = new Coalesced(() => this.#list())

  constructor(leases: Leases, store: string, run: Run, now: () => number = () => performance.now()) {
    this.#leases = leases
    this.#store = store
    this.#run = run
    this.#now = now
  }

  async join({ id, address }: Pick<Member, 'id' | 'address'>): Promise<Member> {
    const annotations = address === undefined ? {} : { [ADDRESS]: address }
    const name = this.#nameOf(id)
    const created = await this.#run(() => this.#leases.create({ metadata: { name, annotations }, spec: specOf(id) }))
    if (created === undefined) throw new Error(`The Lease ${name} is taken`)
    this.#mine = {
      ...created,
      metadata: { ...created.metadata, annotations: { ...annotations, ...joinedAt(created) } },
    }
    return memberOf(this.#mine)
  }

  async renew(): Promise<void> {
    const mine = this.#mine
    if (mine === undefined) throw new LeaseLostError()
    await this.#run(async () => {
      const renewed = (await this.#replace(mine)) ?? (await this.#replaceAgain(mine))
      // It may have left meanwhile, and joined under another id.
      if (this.#mine?.metadata.uid !== mine.metadata.uid) throw new LeaseLostError()
      this.#mine = renewed
      if (!isHeld(renewed, await this.#leases.list(), this.#fences)) throw new LeaseLostError()
    })
  }

  #replace(lease: Lease): Promise<Lease | undefined> {
    return this.#leases.replace({ ...lease, spec: specOf(idOf(lease)) })
  }

  /** If the answer to an earlier renewal was lost, the Lease has a later version than was known. */
  async #replaceAgain(mine: Lease): Promise<Lease> {
    const found = (await this.#leases.list()).find(({ metadata }) => metadata.uid === mine.metadata.uid)
    const { resourceVersion } = found?.metadata ?? {}
    const next = resourceVersion && (await this.#replace({ ...mine, metadata: { ...mine.metadata, resourceVersion } }))
    if (!next) throw new LeaseLostError()
    return next
  }

  async leave(): Promise<void> {
    const mine = this.#mine
    if (mine === undefined) return
    const { name, uid = '' } = mine.metadata
    await this.#run(() => this.#leases.delete(name, { uid }))
    if (this.#mine?.metadata.uid === uid) this.#mine = undefined
  }

  /** Many writes at once share a list. */
  list(): Promise<readonly Member[]> {
    return this.#lists.run()
  }

  #list(): Promise<readonly Member[]> {
    return this.#run(async () => {
      const listed = await this.#leases.list()
      const fenced = fencedIn(listed, this.#fences)
      const candidates = listed.filter((lease) => lease.metadata.name !== this.#fences && !fenced.has(idOf(lease)))
      const expired = this.#expiredOf(candidates)
      const ended = await Promise.all(
        expired.map((lease) => this.#leases.delete(lease.metadata.name, versionOf(lease))),
      )
      // One that could not be removed as it was has been renewed after all.
      const gone = new Set(expired.filter((_, index) => ended[index]))
      return candidates.filter((lease) => !gone.has(lease)).map(memberOf)
    })
  }

  /** Also remembers what it sees. */
  #expiredOf(leases: readonly Lease[]): readonly Lease[] {
    const now = this.#now()
    const before = this.#seen
    this.#seen = new Map(
      leases.map(({ metadata: { uid = '', resourceVersion } }) => {
        const seen = before.get(uid)
        return [uid, seen?.version === resourceVersion ? (seen as Seen) : { version: resourceVersion, since: now }]
      }),
    )
    return leases.filter(({ metadata }) => now - (this.#seen.get(metadata.uid ?? '')?.since ?? now) >= LEASE_MS)
  }

  async fence(id: string): Promise<void> {
    await this.#run(async () => {
      for (let tries = 1; tries <= TRIES; tries += 1) {
        const listed = await this.#leases.list()
        if (this.#mine !== undefined && !isHeld(this.#mine, listed, this.#fences)) throw new LeaseLostError()
        const lease = listed.find(({ metadata }) => metadata.name === this.#nameOf(id))
        if (lease === undefined) return
        const isFenced = fencedIn(listed, this.#fences).has(id) || (await this.#writeFences(listed, id))
        if (!isFenced) continue
        await this.#leases.delete(lease.metadata.name, { uid: lease.metadata.uid ?? '' })
        return
      }
      throw new Error(`the Lease ${this.#fences} can't be written. If it lacks our labels, delete it`)
    })
  }

  /** @returns whether it was written: false if another fence was written after the list */
  async #writeFences(listed: readonly Lease[], id: string): Promise<boolean> {
    const present = new Set(listed.map(idOf))
    const ids = [...fencedIn(listed, this.#fences)].filter((each) => present.has(each))
    const annotations = { [FENCED]: [...ids, id].join(',') }
    const found = listed.find(({ metadata }) => metadata.name === this.#fences)
    const { uid, resourceVersion } = found?.metadata ?? {}
    if (uid === undefined || resourceVersion === undefined) {
      return (await this.#leases.create({ metadata: { name: this.#fences, annotations } })) !== undefined
    }
    const metadata = { name: this.#fences, uid, resourceVersion, annotations }
    return (await this.#leases.replace({ metadata })) !== undefined
  }

  #nameOf(id: string): string {
    return `${this.#store}-member-${id}`
  }

  get #fences(): string {
    return `${this.#store}-fences`
  }
}

function specOf(id: string): NonNullable<Lease['spec']> {
  // Kubernetes wants microseconds.
  const renewTime = new Date().toISOString().replace('Z', '000Z')
  return { holderIdentity: id, leaseDurationSeconds: LEASE_MS / 1_000, renewTime }
}

function idOf({ spec }: Lease): string {
  return spec?.holderIdentity ?? ''
}

function versionOf({ metadata: { uid = '', resourceVersion = '' } }: Lease): { uid: string; resourceVersion: string } {
  return { uid, resourceVersion }
}

/** Whether a member's own Lease is there and not fenced. */
function isHeld(mine: Lease, listed: readonly Lease[], fences: string): boolean {
  const isThere = listed.some(({ metadata }) => metadata.uid === mine.metadata.uid)
  return isThere && !fencedIn(listed, fences).has(idOf(mine))
}

function fencedIn(listed: readonly Lease[], fences: string): ReadonlySet<string> {
  const found = listed.find(({ metadata }) => metadata.name === fences)
  return new Set((found?.metadata.annotations?.[FENCED] ?? '').split(',').filter((id) => id !== ''))
}

/** It is noted when the Lease is first renewed; until then it is the Lease's own version. */
function joinedAt({ metadata }: Lease): Readonly<Record<string, string>> {
  return { [JOINED]: metadata.resourceVersion ?? '0' }
}

function memberOf(lease: Lease): Member {
  const { annotations = {}, resourceVersion } = lease.metadata
  const noted = annotations[JOINED] ?? ''
  // One that somebody has damaged is still waited for.
  const joined: Revision = BigInt(/^\d+$/.test(noted) ? noted : (resourceVersion ?? 0))
  return { id: idOf(lease), address: annotations[ADDRESS], joined }
}
