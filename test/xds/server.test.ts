import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { AdsServer } from '../../src/xds/server.js'

t.test('nobody else can connect to the unix socket, not even in its first moment', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const socketPath = join(directory, 'ads.sock')
  const { listen } = Server.prototype
  let first: number | undefined
  Server.prototype.listen = function (...args: unknown[]) {
    const server = Reflect.apply(listen, this, args) as Server
    first = statSync(socketPath).mode & 0o777
    return server
  }
  const umask = process.umask(0)
  t.teardown(() => {
    Server.prototype.listen = listen
    process.umask(umask)
  })
  const log = pino({ level: 'silent' })
  const server = new AdsServer({
    ...{ ordered: [], onDemand: [], services: [], log },
    ...{ connectionsAt: 'debug', onCutOff: () => {} },
  })
  t.teardown(() => server.close())
  await server.listen({ address: { socketPath }, mode: 0o660, tls: undefined })
  t.equal(first, 0o660)
  t.equal(statSync(socketPath).mode & 0o777, 0o660)
  t.equal(process.umask(), 0, 'other files are as they were')
})
