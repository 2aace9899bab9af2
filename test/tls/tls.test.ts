import { once } from 'node:events'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import { Authority } from '../support/certificate.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'

/** One https request; answers with the body. */
function askTls(port: number, path: string, ca: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ port, path, ca, agent: false }, (response) => text(response).then(resolve, reject))
      .on('error', reject)
      .end()
  })
}

for (const passphrase of [undefined, 'a-passphrase']) {
  t.test(`the public port speaks TLS, with a key ${passphrase ? 'under a passphrase' : 'as it is'}`, async (t) => {
    const authority = await Authority.make()
    const { keyFile, certFile } = await authority.issue(passphrase === undefined ? {} : { passphrase })
    const ca = authority.cert
    const backend = await Backend.start('a')
    const proxy = await ProxyProcess.start(
      ['--ssl-key', keyFile, '--ssl-cert', certFile, '--default-target', backend.url],
      {
        env: { CONFIGPROXY_SSL_KEY_PASSPHRASE: passphrase },
      },
    )
    t.teardown(() => Promise.all([proxy.stop(), backend.stop(), authority.remove()]))
    const echo = JSON.parse(await askTls(proxy.port, '/x', ca)) as { name: string; rawHeaders: string[] }
    t.equal(echo.name, 'a')
    t.equal(echo.rawHeaders[echo.rawHeaders.indexOf('x-forwarded-proto') + 1], 'https')
    const socket = new WebSocket(`wss://localhost:${proxy.port}/ws`, { ca })
    await once(socket, 'open')
    socket.send('hello')
    t.equal(String((await once(socket, 'message'))[0]), 'hello')
    socket.close()
    await once(socket, 'close')
    await t.rejects(ask(proxy.port, '/x'), 'and nothing else')
    t.notMatch(proxy.output, /a-passphrase|PRIVATE KEY/, 'neither passphrase nor key is in the log')
  })
}
