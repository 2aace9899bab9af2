// How a page of JupyterLab keeps its kernel while the proxy is away.
import t from 'tap'
import { CONNECTS } from '../../src/rehearse/jupyterlab.js'
import { KernelLink } from '../../src/rehearse/users/kernel-link.js'
import type { Connection, Outcome } from '../../src/rehearse/wire/connection.js'

const LANGUAGE = { request: Buffer.from('x'), isAnswer: () => true, looksInside: false }

const outcome = (status: number): Outcome => ({
  status,
  head: '',
  body: '',
  failure: status === 0 ? 'refused' : undefined,
})

interface Played {
  readonly link: KernelLink
  /** What happened, in order: handshakes, pauses in milliseconds, and what became of a question for the kernel. */
  readonly seen: Array<string | number>
  /** The proxy goes away, which breaks the websocket. */
  break(): void
  /** Lets the next pause pass, if there is one. */
  next(): Promise<void>
}

/**
 * @param handshakes the statuses of handshakes, one after the other; the last one stays
 * @param kernel the statuses of questions for the kernel
 */
function play(handshakes: number[], kernel: number[], chance = 1): Played {
  const seen: Array<string | number> = []
  const waiting: Array<() => void> = []
  let connection: Connection | undefined
  const take = (statuses: number[]) => (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 0
  const browser = {
    upgrade: async () => {
      connection = { write() {}, close() {} } as unknown as Connection
      return { outcome: outcome(take(handshakes)), connection }
    },
  }
  const link = new KernelLink(browser, 'GET', LANGUAGE, {
    random: () => chance,
    after: (ms, work) => {
      seen.push(ms)
      waiting.push(work)
    },
    onHandshake: (failure) => void seen.push(failure ?? 'open'),
    onOpen: () => {},
    onAnswer: () => {},
    onBroken: () => void seen.push('broken'),
    lookForKernel: async () => {
      const found = outcome(take(kernel))
      seen.push(`kernel ${found.status}`)
      return { ...found, isGood: found.status === 200 }
    },
    onGivenUp: () => void seen.push('given up'),
  })
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  const next = async () => {
    waiting.shift()?.()
    await settled()
  }
  return { link, seen, next, break: () => connection?.onClosed?.('reset') }
}

t.test('a websocket that breaks is connected to again at once', async (t) => {
  const { link, seen, next, ...played } = play([101], [])
  await link.connect()
  played.break()
  await next()
  t.strictSame(seen, ['open', 'broken', 0, 'open'])
})

t.test('while nobody answers, it asks for the kernel every ten to thirty seconds', async (t) => {
  for (const [chance, ms] of [[0, 10_000] as const, [1, 30_000] as const]) {
    const { link, seen, next, ...played } = play([101, 0, 101], [0, 424, 503, 200], chance)
    await link.connect()
    played.break()
    for (let pause = 0; pause < 5; pause += 1) await next()
    const away = ['kernel 0', ms, 'kernel 424', ms, 'kernel 503', ms]
    t.strictSame(seen, ['open', 'broken', 0, 'refused', ...away, 'kernel 200', chance * 1_000, 'open'])
  }
})

t.test(
  'a kernel that is there, but not its websocket, is tried after ever longer pauses, and then no more',
  async (t) => {
    const { link, seen, next } = play([502], [200])
    await link.connect()
    for (let pause = 0; pause < 20; pause += 1) await next()
    const pauses = seen.filter((one) => typeof one === 'number')
    t.strictSame(pauses, [0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000])
    t.equal(pauses.length, CONNECTS)
    t.equal(seen.at(-1), 'given up', 'its user has to reload the page')
  },
)

t.test('a kernel that is said to be gone is dead', async (t) => {
  const { link, seen } = play([0], [404])
  await link.connect()
  await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(seen, ['refused', 'kernel 404', 'given up'])
})

t.test('what is closed wants nothing more', async (t) => {
  const { link, seen, next } = play([0], [0])
  await link.connect()
  await new Promise((resolve) => setImmediate(resolve))
  link.close(true)
  await next()
  t.strictSame(seen, ['refused', 'kernel 0', 30_000])
})
