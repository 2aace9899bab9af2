import t from 'tap'
import { temporaryDirectory } from '../support/directory.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess } from '../support/proxy.js'

const ROUNDS = 4
const CROWD = 40

t.test('whatever was acknowledged before kill -9 is so at the next start', async (t) => {
  const runtimeBase = await temporaryDirectory(t)
  const ports = (await freePorts(2)) as [number, number]
  /** What was acknowledged last of each routespec: its target, or that it is gone; undecided ones are not here. */
  const acknowledged = new Map<string, string | undefined>()
  let changes = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const proxy = await ProxyProcess.start([], { runtimeBase, ports })
    t.teardown(() => proxy.stop())
    const table = (await (await proxy.api('GET', '')).json()) as Record<string, { target: string }>
    for (const [routespec, target] of acknowledged) {
      if (table[routespec]?.target !== target)
        t.fail(`round ${round}: ${routespec} is ${table[routespec]?.target}, not ${target}`)
    }
    // The process is killed right after an answer, while other changes are at every stage.
    const lastAnswer = 5 + round * 11
    let answers = 0
    const change = async (index: number) => {
      const routespec = `/user/u${index}`
      const target = acknowledged.get(routespec) === undefined ? `http://127.0.0.1:1/${round}` : undefined
      const answer = target === undefined ? proxy.api('DELETE', routespec) : proxy.api('POST', routespec, { target })
      acknowledged.delete(routespec)
      const { status } = await answer
      if (status !== 201 && status !== 204) throw new Error(`${routespec}: ${status}`)
      acknowledged.set(routespec, target)
      changes += 1
      answers += 1
      if (answers === lastAnswer) proxy.child.kill('SIGKILL')
    }
    await Promise.all(Array.from({ length: CROWD }, (_, index) => change(index).catch(() => undefined)))
    t.strictSame(await proxy.exit(), { code: null, signal: 'SIGKILL' })
  }
  t.ok(changes > ROUNDS, `${changes} changes were acknowledged`)
  const last = await ProxyProcess.start([], { runtimeBase, ports })
  t.teardown(() => last.stop())
  const table = (await (await last.api('GET', '')).json()) as Record<string, { target: string }>
  for (const [routespec, target] of acknowledged) t.equal(table[routespec]?.target, target, routespec)
})
