import t from 'tap'
import { differences, toPost } from '../../src/transfer/differences.js'
import { parseRoutes } from '../../src/transfer/remote-api.js'
import { differencesText } from '../../src/transfer/text.js'

const list = (routes: object) => parseRoutes(JSON.stringify(routes), 'a test')

t.test('what is added, what is replaced, and what stays', async (t) => {
  const wanted = list({
    '/new': { target: 'http://me:secret@127.0.0.1:1?token=secret', user: 'ann' },
    '/moved': { target: 'http://127.0.0.1:2' },
    '/data': { target: 'http://127.0.0.1:3', user: 'bob' },
    '/same': { target: 'http://127.0.0.1:4', last_activity: '2026-01-01T00:00:00.000Z', user: 'eve' },
    '/\u001b[2J': { target: 'http://127.0.0.1:5' },
  })
  const found = list({
    '/moved': { target: 'http://127.0.0.1:1' },
    '/data': { target: 'http://127.0.0.1:3', user: 'ann' },
    '/same': { user: 'eve', target: 'http://127.0.0.1:4', last_activity: '2026-02-02T00:00:00.000Z', rejected: 'why' },
    '/other': { target: 'http://127.0.0.1:6' },
  })
  const differing = differences(wanted, found)
  t.strictSame([...toPost(differing).keys()], ['/new', '/\u001b[2J', '/moved', '/data'])
  t.equal(
    differencesText(differing),
    `+ /new -> http://...@127.0.0.1:1
+ /\\u{1b}[2J -> http://127.0.0.1:5
~ /moved -> http://127.0.0.1:2, in place of http://127.0.0.1:1
~ /data -> http://127.0.0.1:3, with other data
  /other is only there, and stays
2 to add, 2 to replace, 1 alike, 1 only there`,
  )
})

t.test('what is no table of routes is refused', async (t) => {
  for (const text of ['', '<html>', '[]x', '{"a":{"target":"x"}}', '{"/a":{}}', '{"/a":null}', '{"/a":{"target":1}}']) {
    t.throws(() => parseRoutes(text, 'a file'), { name: 'FatalError', message: /^a file has no table of routes/ }, text)
  }
})
