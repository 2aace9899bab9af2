import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { ChpProcess } from '../support/chp.js'
import { ErrorServer } from '../support/error-server.js'
import { ProxyProcess } from '../support/proxy.js'

const PATHS = [
  '/plain',
  '/user/has@at/tree/a%20b?x=1&y=a+b',
  '/%E7%A7%80%E6%A8%B9/',
  '/a+b*~!$&\'(),;=:@-._?"<>{}|^`\\[]',
  '//host/x',
  '/a//b/../c/./d',
  '/%2F%25?url=%2Fx&url=2',
  '/a%00b%0d%0aset-cookie:x',
  '/?',
  '/??a=?',
  `/${'long/'.repeat(1_000)}`,
]

/** The first part of the answer to a path that is sent as it stands, which no library would do. */
async function ask(port: number, path: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`GET ${path} HTTP/1.1\r\nHost: hub.example.com\r\n\r\n`)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return String(answer)
}

for (const suffix of ['', '/deep/path', '/with/?url=x&b=%2F#f']) {
  t.test(`the error target is asked for what CHP asks for, at ${suffix || 'its root'}`, async (t) => {
    const errors = await ErrorServer.start()
    const args = ['--error-target', `http://127.0.0.1:${errors.port}${suffix}`]
    const [chp, proxy] = await Promise.all([ChpProcess.start(args), ProxyProcess.start(args)])
    t.teardown(() => Promise.all([chp.stop(), proxy.stop(), errors.stop()]))
    for (const path of PATHS) {
      errors.asked.length = 0
      const answers = [await ask(chp.port, path), await ask(proxy.port, path)]
      const [wanted, found] = errors.urls
      t.type(wanted, 'string')
      t.equal(found, wanted)
      for (const answer of answers) t.match(answer, /^HTTP\/1\.1 404 Not Found\r\n/, path.slice(0, 80))
    }
  })
}
