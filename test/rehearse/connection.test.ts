import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import t from 'tap'
import { certificateFiles, makeCertificate } from '../../src/rehearse/target/certificate.js'
import { Connection } from '../../src/rehearse/wire/connection.js'
import { temporaryDirectory } from '../support/directory.js'

t.test('a connection over TLS can be gone from one moment to the next, too', async (t) => {
  const files = certificateFiles(await temporaryDirectory(t))
  await makeCertificate(files)
  const pair = { key: readFileSync(files.keyFile), cert: readFileSync(files.certFile) }
  const server = createTlsServer(pair, (socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const origin = { address: '127.0.0.1', port, host: `127.0.0.1:${port}`, isTls: true, takesAnyCertificate: true }
  let gone = 0
  const connection = new Connection(origin, undefined, {
    traffic: { open: 0, received: 0, sent: 0 },
    onIdle: () => {},
    onGone: () => {
      gone += 1
    },
  })
  const [socket] = (await once(server, 'secureConnection')) as [NodeJS.ReadableStream]
  const closed = once(socket, 'close')
  connection.close(true)
  await closed
  t.equal(gone, 1)
})
