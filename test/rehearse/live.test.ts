import t from 'tap'
import { LiveFigures, liveLine } from '../../src/rehearse/run/live.js'

const PROGRESS = {
  ...{ elapsedMs: 75_000, forMs: 300_000, users: 300, activeUsers: 120, websockets: 118, requests: 410, p99: 12.4 },
  failures: 2,
}

function shown(terminal: { isTTY: boolean; columns: number }) {
  const written: string[] = []
  const stream = { ...terminal, write: (text: string) => written.push(text) > 0 }
  return { live: new LiveFigures(stream as unknown as NodeJS.WriteStream), written }
}

t.test('a terminal has one line that is written over, no longer than it is wide', async (t) => {
  const { live, written } = shown({ isTTY: true, columns: 60 })
  live.onSecond(PROGRESS)
  live.onNote('envoy-killed begins')
  live.end()
  t.strictSame(written, [
    '\r\x1b[K[#    ]  25 % 1:15  120 of 300 users, 2 failures, p99 12 ms',
    '\r\x1b[Kenvoy-killed begins\n',
    '\n',
  ])
})

t.test('where there is less room, the bar is shorter and what matters least is left out', async (t) => {
  t.equal(
    liveLine(PROGRESS, 95),
    '[##       ]  25 % 1:15  120 of 300 users, 2 failures, p99 12 ms, 410 requests/s, 118 websockets',
  )
  t.equal(liveLine(PROGRESS, 79), '[##       ]  25 % 1:15  120 of 300 users, 2 failures, p99 12 ms, 410 requests/s')
  t.equal(liveLine(PROGRESS, 30), '[]  25 % 1:15  120 of 300 user')
  for (let width = 1; width < 150; width += 1) t.ok(liveLine(PROGRESS, width).length <= width, `${width} columns`)
  const { live, written } = shown({ isTTY: true, columns: 0 })
  live.onSecond(PROGRESS)
  t.match(written[0], '120 of 300 users', 'a terminal that does not say how wide it is')
})

t.test('elsewhere there is a line every few seconds, without control characters', async (t) => {
  const { live, written } = shown({ isTTY: false, columns: 0 })
  for (let second = 0; second < 10; second += 1) live.onSecond(PROGRESS)
  live.end()
  const line =
    '[######                  ]  25 % 1:15  120 of 300 users, 2 failures, p99 12 ms, 410 requests/s, 118 websockets\n'
  t.strictSame(written, [line, line])
})
