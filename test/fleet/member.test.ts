import t from 'tap'
import type { Effect } from '../../src/fleet/protocol/effect.js'
import type { Input } from '../../src/fleet/protocol/input.js'
import { LIMITS } from '../../src/fleet/protocol/limits.js'
import { FleetMember } from '../../src/fleet/protocol/member.js'
import type { Standing, Status } from '../../src/fleet/protocol/messages.js'

/*
 * What one member does, told step by step. The simulator shows that several of them are right together.
 */

const ME = { id: 'me', address: '10.0.0.1:18000', joined: 3n }
const PEER = { id: 'peer', address: '10.0.0.2:18000', joined: 2n }
const BOTH = [ME, PEER]

/** A member whose peer is played by the test. */
class Scene {
  readonly member = new FleetMember()
  now = 10_000
  #seq = 0
  /** The last message to the peer. */
  sent: Status | undefined

  tell(input: Input): Effect[] {
    const effects = [...this.member.handle(input, this.now)]
    for (const effect of effects) if (effect.type === 'send') this.sent = effect.status
    return effects
  }

  /** The peer says how it is, and that it has had the last message, or one before. */
  hear(what: Partial<Status> & { readonly standing: Standing }): Effect[] {
    this.#seq += 1
    const told = { acknowledged: 5n, answered: 5n, awaits: false, envoys: [], moving: [], fenced: [], leaseAgeMs: 0 }
    const echo = this.sent?.seq ?? 0
    return this.tell({ type: 'heard', status: { from: PEER, to: 'me', seq: this.#seq, echo, ...told, ...what } })
  }

  /** Time passes, and the store confirms the lease. */
  wait(ms: number): Effect[] {
    this.now += ms
    return this.tell({ type: 'tick' })
  }

  /** It joins, beside the peer. */
  join(): Effect[] {
    this.tell({ type: 'joined', me: ME, askedAt: this.now })
    this.tell({ type: 'members', members: BOTH, askedAt: this.now })
    this.tell({ type: 'loaded', revision: 5n, askedAt: this.now })
    this.hear({ standing: 'in' })
    return this.hear({ standing: 'in' })
  }

  /** It has joined, and the time is over in which Envoys of before may come. */
  static in(): Scene {
    const scene = new Scene()
    scene.join()
    for (let ms = 0; ms < LIMITS.move; ms += 100) {
      scene.wait(100)
      scene.hear({ standing: 'in' })
    }
    return scene
  }
}

function types(effects: readonly Effect[]): string[] {
  return effects.map((effect) => (effect.type === 'standing' ? effect.standing : effect.type))
}

function answers(effects: readonly Effect[]): boolean[] {
  return effects.flatMap((effect) => (effect.type === 'answer' ? [effect.agreed] : []))
}

/** It joins with nobody beside it, and has a write. */
function joinAlone(scene: Scene, loadMs: number, isFirst: boolean): boolean[] {
  scene.tell({ type: 'joined', me: ME, askedAt: scene.now })
  scene.tell({ type: 'members', members: [ME], askedAt: scene.now })
  scene.now += loadMs
  scene.tell({ type: 'loaded', revision: 5n, askedAt: scene.now, isFirst })
  scene.tell({ type: 'members', members: [ME], askedAt: scene.now })
  return answers(scene.tell({ type: 'agree', call: 1, revision: 9n }))
}

/** How long it takes until the write is answered, in milliseconds. */
function answeredAfter(scene: Scene): number {
  const begun = scene.now
  while (scene.now < begun + 5_000) {
    const effects = scene.wait(10)
    if (types(effects).includes('list')) scene.tell({ type: 'members', members: [ME], askedAt: scene.now })
    if (answers(effects).includes(true)) break
  }
  return scene.now - begun
}

t.test('a member serves when it has loaded, and each peer knows that it must wait for it', async (t) => {
  const scene = new Scene()
  t.match(types(scene.tell({ type: 'joined', me: ME, askedAt: 10_000 })), ['joining', 'list'])
  t.match(types(scene.tell({ type: 'members', members: BOTH, askedAt: 10_000 })), ['connect', 'load', 'send'])
  scene.hear({ standing: 'in' })
  t.equal(scene.member.standing, 'joining', 'it has not loaded')
  t.match(types(scene.tell({ type: 'loaded', revision: 5n, askedAt: 10_000 })), ['catching-up', 'send'])
  scene.hear({ standing: 'in', answered: 6n })
  t.equal(scene.member.standing, 'catching-up', 'the peer has answered a write that is not here')
  scene.tell({ type: 'event', revision: 6n })
  t.match(types(scene.tell({ type: 'applied', revision: 6n })), ['in', 'send'])
})

t.test('a snapshot that was read before the members were listed is read again', async (t) => {
  const scene = new Scene()
  scene.tell({ type: 'joined', me: ME, askedAt: 10_000 })
  scene.now += 10
  scene.tell({ type: 'members', members: [ME], askedAt: 10_000 })
  t.match(types(scene.tell({ type: 'loaded', revision: 5n, askedAt: 10_009 })), ['load'])
  t.match(types(scene.tell({ type: 'loaded', revision: 5n, askedAt: 10_010 })), ['catching-up', 'in'])
})

t.test('a write is answered when each peer has acknowledged it', async (t) => {
  const scene = Scene.in()
  t.strictSame(answers(scene.tell({ type: 'agree', call: 1, revision: 9n })), [])
  t.strictSame(answers(scene.hear({ standing: 'in', acknowledged: 8n })), [])
  t.strictSame(answers(scene.hear({ standing: 'in', acknowledged: 9n })), [true])
  scene.tell({ type: 'lost', id: 'me' })
  t.strictSame(answers(scene.tell({ type: 'agree', call: 2, revision: 10n })), [false], 'not a member')
})

t.test('acknowledgements are told at once to a peer that waits for them, and to others in their turn', async (t) => {
  const scene = Scene.in()
  const acknowledge = (revision: bigint): Effect[] => [
    ...scene.tell({ type: 'event', revision }),
    ...scene.tell({ type: 'applied', revision }),
  ]
  t.strictSame(types(acknowledge(6n)), ['apply'], 'the peer has no use for it now')
  t.strictSame(types(scene.hear({ standing: 'in', awaits: true })), ['send'], 'it has just begun to wait')
  t.equal(scene.sent?.acknowledged, 6n, 'which was acknowledged already')
  for (const revision of [7n, 8n]) t.strictSame(types(acknowledge(revision)), ['apply', 'send'])
  t.strictSame(types(scene.hear({ standing: 'in', awaits: false })), [])
  t.strictSame(types(acknowledge(9n)), ['apply'])
  scene.wait(LIMITS.heartbeat)
  t.equal(scene.sent?.acknowledged, 9n)
})

t.test(
  'peers are told that calls wait for them before the first is stored, and not again for each that follows',
  async (t) => {
    const scene = Scene.in()
    t.strictSame(types(scene.tell({ type: 'writing' })), ['send'])
    t.equal(scene.sent?.awaits, true)
    t.strictSame(types(scene.tell({ type: 'agree', call: 1, revision: 6n })), [])
    t.strictSame(types(scene.hear({ standing: 'in', acknowledged: 6n })), ['answer'])
    scene.now += LIMITS.heartbeat / 2
    t.strictSame(types(scene.tell({ type: 'writing' })), [])
    scene.wait(LIMITS.heartbeat / 2)
    t.equal(scene.sent?.awaits, true, 'one was about to be stored lately')
    scene.wait(LIMITS.heartbeat)
    t.equal(scene.sent?.awaits, false)
    t.strictSame(types(scene.tell({ type: 'agree', call: 2, revision: 7n })), ['send'], 'the store took long')
    for (let waited = 0; waited < 2 * LIMITS.heartbeat; waited += 100) scene.wait(100)
    t.equal(scene.sent?.awaits, true, 'a call waits')
  },
)

/** Why a member joins again. */
const LOSSES: readonly Input[] = [{ type: 'lost', id: 'me' }, { type: 'set-back' }]

for (const loss of LOSSES) {
  t.test(`${loss.type}: a member that joins again gives Envoys more time to come than one that starts`, async (t) => {
    const scene = Scene.in()
    t.match(types(scene.tell(loss)), ['out', 'send', 'disconnect', 'join'])
    t.strictSame(joinAlone(scene, 5_000, false), [])
    t.equal(answeredAfter(scene), LIMITS.move)
  })

  t.test(`${loss.type}: it waits for the Envoys that a peer had, who is gone meanwhile`, async (t) => {
    const scene = Scene.in()
    scene.hear({ standing: 'in', envoys: ['far'] })
    scene.tell(loss)
    t.strictSame(joinAlone(scene, 0, false), [])
    t.equal(
      answeredAfter(scene),
      LIMITS.out + LIMITS.move,
      'they may be there until it is out, and then look for another',
    )
  })
}

t.test('revisions of before the store was set back count no more, for this member and its peers', async (t) => {
  const scene = Scene.in()
  for (const type of ['event', 'applied'] as const) scene.tell({ type, revision: 9n })
  scene.tell({ type: 'agree', call: 1, revision: 9n })
  t.strictSame(answers(scene.hear({ standing: 'in', acknowledged: 9n })), [true])
  scene.wait(LIMITS.heartbeat)
  t.match(scene.sent, { acknowledged: 9n, answered: 9n })
  scene.tell({ type: 'set-back' })
  t.match(scene.sent, { standing: 'out', acknowledged: 0n, answered: 0n }, 'nobody waits for what is no more')
  t.strictSame(scene.tell({ type: 'set-back' }), [], 'it joins again already')
  joinAlone(scene, 0, false)
  t.equal(scene.member.acknowledged, 5n)
  t.match(types(scene.tell({ type: 'event', revision: 6n })), ['apply'])
})

t.test('a member that has joined waits for Envoys of members that ended before, from the list on', async (t) => {
  const small = new Scene()
  t.strictSame(joinAlone(small, 0, false), [])
  t.equal(answeredAfter(small), LIMITS.move)
  const large = new Scene()
  t.strictSame(joinAlone(large, 500, false), [])
  t.equal(answeredAfter(large), LIMITS.move - 500, 'the time in which it loads its table counts')
  const huge = new Scene()
  t.strictSame(joinAlone(huge, 5_000, false), [])
  t.equal(answeredAfter(huge), LIMITS.find, 'but Envoys find it only now')
  t.strictSame(joinAlone(new Scene(), 0, true), [true], 'the first of all has nobody to wait for')
})

t.test('a write waits for an Envoy that is between two members', async (t) => {
  const scene = Scene.in()
  scene.tell({ type: 'envoy-here', node: 'e' })
  scene.tell({ type: 'envoy-left', node: 'e', silentMs: 0 })
  scene.tell({ type: 'agree', call: 1, revision: 9n })
  t.strictSame(answers(scene.hear({ standing: 'in', acknowledged: 9n })), [])
  t.strictSame(answers(scene.hear({ standing: 'in', acknowledged: 9n, envoys: ['e'] })), [true])
})

t.test('an Envoy that has come to a peer is no longer here, even if its stream has not ended yet', async (t) => {
  const scene = Scene.in()
  scene.tell({ type: 'envoy-here', node: 'e' })
  scene.wait(100)
  scene.hear({ standing: 'in' })
  scene.hear({ standing: 'in', envoys: ['e'] })
  scene.hear({ standing: 'out', moving: [{ node: 'e', remainingMs: LIMITS.move }] })
  t.strictSame(answers(scene.tell({ type: 'agree', call: 1, revision: 9n })), [], 'it is at no member')
  t.strictSame(answers(scene.tell({ type: 'envoy-here', node: 'e' })), [true])
})

t.test(
  'an Envoy that has come here from a peer stays here, however often the peer tells that it has left',
  async (t) => {
    const scene = Scene.in()
    scene.hear({ standing: 'in', envoys: ['e'] })
    scene.wait(100)
    scene.tell({ type: 'envoy-here', node: 'e' })
    for (let left = LIMITS.move; left > 0; left -= 300) {
      scene.wait(300)
      scene.hear({ standing: 'in', moving: [{ node: 'e', remainingMs: left }] })
    }
    t.strictSame(scene.sent?.envoys, ['e'])
    t.strictSame(scene.sent?.moving, [])
  },
)

t.test('a peer that is silent is fenced, and its Envoys are waited for', async (t) => {
  const scene = Scene.in()
  scene.hear({ standing: 'in', envoys: ['e'] })
  scene.tell({ type: 'agree', call: 1, revision: 9n })
  let waited = 0
  let effects: Effect[] = []
  while (!types(effects).includes('fence') && waited < 5_000) {
    effects = scene.wait(50)
    if (types(effects).includes('list')) scene.tell({ type: 'members', members: BOTH, askedAt: scene.now })
    waited += 50
  }
  t.equal(waited, LIMITS.quiet)
  t.strictSame(scene.sent?.fenced, ['peer'], 'which it is told, should it hear that')
  scene.tell({ type: 'revoked', id: 'peer' })
  t.strictSame(answers(scene.wait(LIMITS.out - 1)), [], 'it may not know it yet')
  scene.tell({ type: 'members', members: [ME], askedAt: scene.now })
  t.strictSame(answers(scene.wait(1)), [], 'its Envoy is at no member')
  t.strictSame(answers(scene.tell({ type: 'envoy-here', node: 'e' })), [true])
})

t.test('a member that goes on after it hung has no place, whatever it finds in its sockets', async (t) => {
  const scene = Scene.in()
  scene.tell({ type: 'envoy-here', node: 'e' })
  const echo = scene.sent?.seq ?? 0
  scene.tell({ type: 'event', revision: 6n })
  scene.now += 60_000
  t.match(types(scene.hear({ standing: 'in', echo })), ['doubtful'])
  t.strictSame(answers(scene.tell({ type: 'agree', call: 1, revision: 5n })), [])
  t.match(types(scene.wait(LIMITS.doubt)), ['joining'], 'its streams end')
  t.match(types(scene.tell({ type: 'members', members: [PEER], askedAt: scene.now })), ['out'], 'it was fenced')
  t.equal(scene.member.standing, 'out')
})

t.test('with a store that is away, members that hear each other go on until their lease ends', async (t) => {
  const scene = Scene.in()
  let ms = 0
  while (scene.member.standing === 'in' && ms < 20_000) {
    scene.wait(100)
    scene.hear({ standing: 'in' })
    ms += 100
  }
  t.ok(ms > LIMITS.lease - LIMITS.move - 200 && ms <= LIMITS.lease, `${ms} ms`)
})

t.test('calls are for a member that serves; if none does, for each that knows all others', async (t) => {
  const scene = Scene.in()
  const { member } = scene
  t.ok(member.isReady)
  for (let ms = 0; ms < LIMITS.lease; ms += 100) {
    scene.wait(100)
    scene.hear({ standing: 'in' })
  }
  t.equal(member.standing, 'joining', 'the store is out of its reach')
  t.notOk(member.isReady, 'the peer serves')
  scene.hear({ standing: 'joining' })
  t.ok(member.isReady, 'the peer does not either')
  scene.wait(60_000)
  t.ok(member.isReady, 'cut off from everybody: the peer did not serve when it was last heard')
  scene.hear({ standing: 'in' })
  scene.wait(60_000)
  t.notOk(member.isReady, 'cut off from everybody: the peer served when it was last heard')
  scene.tell({ type: 'ended', id: 'peer' })
  t.ok(member.isReady, 'its process has ended')
  scene.hear({ standing: 'in' })
  t.notOk(member.isReady, 'it is there after all')
  scene.hear({ standing: 'joining' })
  scene.hear({ standing: 'joining', fenced: ['me'] })
  t.notOk(member.isReady, 'it was fenced')
  scene.tell({ type: 'joined', me: ME, askedAt: scene.now })
  t.notOk(member.isReady, 'it has yet to learn who there is')
  scene.tell({ type: 'members', members: BOTH, askedAt: scene.now })
  t.notOk(member.isReady, 'it has not heard the other one')
  scene.tell({ type: 'ended', id: 'peer' })
  t.notOk(member.isReady, 'nobody is at its address, which may be wrong')
})

t.test('whoever is told that it was fenced ends its streams, says so, and joins again', async (t) => {
  const scene = Scene.in()
  scene.tell({ type: 'agree', call: 1, revision: 9n })
  const effects = scene.hear({ standing: 'in', fenced: ['me'] })
  t.match(types(effects), ['out', 'answer', 'send', 'disconnect', 'join'])
  t.strictSame(answers(effects), [false])
  t.equal(scene.sent?.standing, 'out')
})

t.test('the oldest of those that serve stores activity', async (t) => {
  const scene = Scene.in()
  t.notOk(scene.member.isOldest)
  scene.hear({ standing: 'out' })
  t.ok(scene.member.isOldest)
})
