import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http2'
import { connect } from 'node:http2'
import t from 'tap'
import { ProxyProcess } from '../support/proxy.js'
import { exchange, RawBackend } from '../support/raw.js'

/** In Latin-1, as they travel. */
const REFERERS = [
  ...[
    'https://hub.example/hub/home?next=%2F#x',
    'http://[::1]:8000/x',
    'HTTP://HUB/',
    'wss://hub.example/',
    '/hub/home',
  ],
  // Docker Compose makes names of hosts with underscores.
  ...['http://my_hub:8000/hub/', 'http://jupyter_hub_1/x', 'http://-a/', 'http://host:/', 'http://host:99999/'],
  ...['about:blank', 'about:client', 'null', '-', 'hub/home', '//host/x', 'host', 'host:8000', 'http://', 'http:///x'],
  ...['android-app://com.google.android.gm/', 'android-app:x', 'chrome-extension://abc/x', 'file:///etc/x'],
  ...['data:text/html,x', 'javascript:void(0)', 'blob:https://hub.example/1', 'ftp://host/x'],
  ...['http://user@host/', 'http://user:word@host/x', 'http://x/\xe9', 'http://\xe9.example/', 'http://x/\xc3\xa9'],
  ...['http://host/a b', 'http://ho st/', 'http://host/"<x>"', 'http://host\\x', 'http://host/%zz', 'http://host/%00'],
  ...['http://host/x#fragment', `http://host/${'x'.repeat(5_000)}`, ''],
]
const HANDSHAKE = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\n'

for (const args of [[], ['--no-x-forward']]) {
  t.test(`Referer arrives as it was sent ${args.join(' ')}`, async (t) => {
    const backend = await RawBackend.start()
    const proxy = await ProxyProcess.start([...args, '--default-target', backend.url])
    t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
    const seen = async (headers: string) => {
      await exchange(proxy.port, `GET /x HTTP/1.1\r\nHost: a\r\n${headers}\r\n`)
      return backend.taken().headers
    }
    for (const referer of REFERERS) {
      const { referer: arrived, ...others } = await seen(`Referer: ${referer}\r\nConnection: close\r\n`)
      t.strictSame(arrived, [referer])
      t.notMatch(Object.keys(others).join(), /x-cep-referer/)
    }
    t.notMatch(await seen('Connection: close\r\n'), { referer: [] }, 'none makes none')
    backend.reply = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
    for (const referer of ['http://my_hub:8000/hub/', 'about:blank']) {
      t.strictSame((await seen(`Referer: ${referer}\r\n${HANDSHAKE}`)).referer, [referer], 'with a handshake')
    }

    backend.reply = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
    const session = connect(proxy.url)
    session.on('error', () => {})
    t.teardown(() => session.destroy())
    for (const referer of ['http://my_hub:8000/hub/', 'about:blank']) {
      const [head] = (await once(session.request({ referer }), 'response')) as [IncomingHttpHeaders]
      t.equal(head[':status'], 200)
      t.strictSame(backend.taken().headers.referer, [referer], 'over HTTP/2')
    }
  })
}
