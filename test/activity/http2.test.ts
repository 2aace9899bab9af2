import { once } from 'node:events'
import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { connect } from 'node:http2'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { Authority } from '../support/certificate.js'
import { ProxyProcess } from '../support/proxy.js'
import { deadTarget } from './deeds.js'
import { ObedientServer } from './server.js'
import { add, lastActivity, untilActive } from './watch.js'

const authority = await Authority.make()
const { keyFile, certFile } = await authority.issue()
const server = await ObedientServer.start()
const pages = await Backend.start('pages', (_incoming, response) => response.end('an error page'))
const proxy = await ProxyProcess.start(['--ssl-key', keyFile, '--ssl-cert', certFile, '--error-target', pages.url])
const session = connect(`https://localhost:${proxy.port}`, { ca: authority.cert })
await once(session, 'remoteSettings')
t.teardown(async () => {
  session.destroy()
  await Promise.all([proxy.stop(), server.stop(), pages.stop(), authority.remove()])
})

/** A text message without a character in a frame, masked as a client's must be. */
const MESSAGE = Buffer.from([0x81, 0x80, 0, 0, 0, 0])

async function responseTo(stream: ClientHttp2Stream): Promise<number> {
  const [headers] = (await once(stream, 'response')) as [OutgoingHttpHeaders]
  return Number(headers[':status'])
}

/** Opens a websocket in the connection as browsers do (RFC 8441). */
async function openSocket(path: string): Promise<ClientHttp2Stream> {
  const headers = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': path, 'sec-websocket-version': '13' }
  const stream = session.request(headers, { endStream: false })
  if ((await responseTo(stream)) !== 200) throw new Error(`${path} was refused`)
  return stream
}

async function get(path: string): Promise<number> {
  const stream = session.request({ ':path': path })
  const [status] = await Promise.all([responseTo(stream), text(stream)])
  return status
}

t.test(
  'among streams of one connection, only those that bring something count, and error pages never do',
  async (t) => {
    const dead = await deadTarget()
    for (const key of ['/page', '/silent', '/closed', '/busy', '/first', '/last']) await add(proxy, key, server.url)
    for (const key of ['/dead', '/']) await add(proxy, key, dead)
    let before = await lastActivity(proxy)
    t.equal(await get('/first'), 200)
    await untilActive(proxy, ['/first'], before)

    before = await lastActivity(proxy)
    const silent = await openSocket('/silent')
    const closed = await openSocket('/closed')
    closed.end()
    t.equal(await get('/dead'), 503)
    t.equal(await get('/page/?status=404'), 404)
    t.equal(await get('/elsewhere'), 503)
    const busy = await openSocket('/busy')
    busy.write(MESSAGE)
    await untilActive(proxy, ['/busy'], before)
    const last = await openSocket('/last')
    last.write(MESSAGE)
    await untilActive(proxy, ['/last'], before)
    const after = await lastActivity(proxy)
    t.strictSame(
      [...after].filter(([key, at]) => at > (before.get(key) ?? '')).map(([key]) => key),
      ['/busy', '/last'],
    )
    for (const stream of [silent, busy, last]) stream.close()
  },
)
