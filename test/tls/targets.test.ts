import { once } from 'node:events'
import type { ServerOptions } from 'node:https'
import type { TLSSocket } from 'node:tls'
import t from 'tap'
import { WebSocket } from 'ws'
import { admin } from '../support/admin.js'
import { Backend } from '../support/backend.js'
import type { Certificate } from '../support/certificate.js'
import { Authority } from '../support/certificate.js'
import { ask, backendOf } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'

const authority = await Authority.make()
t.teardown(() => authority.remove())

function startTls({ key, cert }: Certificate, options: ServerOptions = {}): Promise<Backend> {
  return Backend.start('tls', undefined, 0, { key, cert, ...options })
}

t.test('an https target must have a certificate of the authorities, with the name or address of its URL', async (t) => {
  const stranger = await Authority.make('stranger')
  const [both, name, address, strange] = await Promise.all([
    startTls(await authority.issue()),
    startTls(await authority.issue({ names: 'DNS:localhost' })),
    startTls(await authority.issue({ names: 'IP:127.0.0.1' })),
    startTls(await stranger.issue()),
  ])
  const proxy = await ProxyProcess.start(['--client-ssl-ca', authority.file])
  t.teardown(() =>
    Promise.all([proxy.stop(), stranger.remove(), ...[both, name, address, strange].map((b) => b.stop())]),
  )
  const cases: Array<[backend: Backend, host: string, expected: string | number]> = [
    [both, 'localhost', 'tls'],
    [both, '127.0.0.1', 'tls'],
    [name, 'localhost', 'tls'],
    [name, '127.0.0.1', 503],
    [address, 'localhost', 503],
    [address, '127.0.0.1', 'tls'],
    [strange, 'localhost', 503],
    [strange, '127.0.0.1', 503],
  ]
  for (const [index, [backend, host, expected]] of cases.entries()) {
    const path = `/case/${index}`
    await proxy.route(path, `https://${host}:${backend.port}`)
    t.equal(await backendOf(proxy.port, path, { headers: { host: 'hub.example.com' } }), expected, `${path} ${host}`)
  }
})

t.test("a target of an authority that nobody knows is not trusted with Node.js's, unless --insecure", async (t) => {
  const backend = await startTls(await authority.issue())
  t.teardown(() => backend.stop())
  for (const [args, expected] of [
    [[], 503],
    [['--insecure'], 'tls'],
  ] as const) {
    const proxy = await ProxyProcess.start(['--default-target', backend.url, ...args])
    try {
      t.equal(await backendOf(proxy.port, '/'), expected, args.join())
    } finally {
      await proxy.stop()
    }
  }
})

t.test('an authority in NODE_EXTRA_CA_CERTS is trusted as in CHP', async (t) => {
  const backend = await startTls(await authority.issue())
  const proxy = await ProxyProcess.start(['--default-target', backend.url], {
    env: { NODE_EXTRA_CA_CERTS: authority.file },
  })
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  t.equal(await backendOf(proxy.port, '/'), 'tls')
})

t.test('a route to an https target holds right after its answer: the first one, and hundreds at once', async (t) => {
  const hub = await Backend.start('hub')
  const backend = await startTls(await authority.issue())
  const shown = await authority.issue({ passphrase: 'a-passphrase' })
  const proxy = await ProxyProcess.start(
    [
      ...['--default-target', hub.url, '--client-ssl-ca', authority.file, '--log-level', 'warn'],
      ...['--client-ssl-key', shown.keyFile, '--client-ssl-cert', shown.certFile],
    ],
    { env: { CONFIGPROXY_CLIENT_SSL_KEY_PASSPHRASE: 'a-passphrase' } },
  )
  t.teardown(() => Promise.all([proxy.stop(), hub.stop(), backend.stop()]))
  const held = JSON.parse(await admin(proxy, '/config_dump?resource=dynamic_active_secrets')) as {
    configs: Array<{ name: string }>
  }
  t.strictSame(
    held.configs.map(({ name }) => name).sort(),
    ['target-authorities', 'target-certificate'],
    'Envoy has the secrets before there is such a route, or it might answer for the route without having them',
  )
  await proxy.route('/first', backend.url)
  t.equal(await backendOf(proxy.port, '/first'), 'tls')
  const names = await Promise.all(
    Array.from({ length: 300 }, async (_, index) => {
      await proxy.route(`/user/u${index}`, `https://${index % 2 ? 'localhost' : '127.0.0.1'}:${backend.port}`)
      return backendOf(proxy.port, `/user/u${index}`)
    }),
  )
  t.strictSame([...new Set(names)], ['tls'])
})

t.test('targets that ask for a certificate get ours, over TLS 1.2 and 1.3, also for websockets', async (t) => {
  const shown = await authority.issue()
  const certificate = await authority.issue()
  const mutual = { ca: authority.cert, requestCert: true, rejectUnauthorized: true } as const
  const versions = ['TLSv1.2', 'TLSv1.3'] as const
  const backends = await Promise.all(
    versions.map((version) => {
      const answer = { ...certificate, ...mutual, minVersion: version, maxVersion: version }
      return Backend.start(
        'tls',
        (request, response) => {
          const socket = request.socket as TLSSocket
          response.end(`${socket.getProtocol()} ${socket.getPeerCertificate().subjectaltname}`)
        },
        0,
        answer,
      )
    }),
  )
  const proxy = await ProxyProcess.start([
    ...['--client-ssl-key', shown.keyFile, '--client-ssl-cert', shown.certFile, '--client-ssl-ca', authority.file],
    // As JupyterHub gives them; there is nothing for them to do.
    ...['--client-ssl-request-cert', '--client-ssl-reject-unauthorized'],
  ])
  t.teardown(() => Promise.all([proxy.stop(), ...backends.map((backend) => backend.stop())]))
  for (const [index, version] of versions.entries()) {
    await proxy.route(`/${version}`, backends[index]?.url ?? '')
    t.match((await ask(proxy.port, `/${version}`)).body, new RegExp(`^${version} .*DNS:localhost`))
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/${version}/ws`)
    await once(socket, 'open')
    socket.send('hello')
    t.equal(String((await once(socket, 'message'))[0]), 'hello')
    socket.close()
    await once(socket, 'close')
  }
  t.notMatch(proxy.output, /warn/)
})
