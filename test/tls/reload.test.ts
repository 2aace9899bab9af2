import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { Agent, get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { connect } from 'node:tls'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import type { Certificate } from '../support/certificate.js'
import { Authority } from '../support/certificate.js'
import { ask, backendOf } from '../support/http.js'
import { endProcess } from '../support/processes.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

const authority = await Authority.make()
t.teardown(() => authority.remove())

/** A key that Node.js takes and Envoy doesn't: it is too short. */
const TOO_SHORT = ['rsa:1024']

/** The names in the certificate that a new connection is shown. */
async function shownBy(proxy: ProxyProcess): Promise<string> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', servername: 'localhost', ca: authority.cert })
  await once(socket, 'secureConnect')
  const certificate = socket.getPeerCertificate() as Partial<PeerCertificate>
  socket.destroy()
  return certificate.subjectaltname ?? ''
}

function named(name: string): Promise<Certificate> {
  return authority.issue({ names: `DNS:localhost,DNS:${name}` })
}

/** A directory with a key and a certificate, and what puts others in their place. */
async function mounted(first: Certificate) {
  const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
  const files = { keyFile: join(directory, 'tls.key'), certFile: join(directory, 'tls.crt') }
  const write = async ({ key, cert }: Certificate) => {
    await writeFile(files.keyFile, key)
    await writeFile(files.certFile, cert)
  }
  await write(first)
  return { ...files, directory, write, remove: () => rm(directory, { recursive: true }) }
}

t.test('a new certificate is shown to new connections, and those that are open go on', async (t) => {
  const [one, two] = [await named('one'), await named('two')]
  const files = await mounted(one)
  const backend = await Backend.start('a')
  const proxy = await ProxyProcess.start([
    ...['--ssl-key', files.keyFile, '--ssl-cert', files.certFile, '--default-target', backend.url],
  ])
  t.teardown(() => Promise.all([proxy.stop(), backend.stop(), files.remove()]))
  t.match(await shownBy(proxy), 'DNS:one')

  const socket = new WebSocket(`wss://localhost:${proxy.port}/ws`, { ca: authority.cert })
  await once(socket, 'open')
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authority.cert })
  t.teardown(() => agent.destroy())
  const connectionOf = async () => {
    const [response] = (await once(get({ port: proxy.port, agent }), 'response')) as [
      NodeJS.ReadableStream & { socket: TLSSocket },
    ]
    const { localPort } = response.socket
    await text(response)
    return localPort
  }
  const before = await connectionOf()

  await writeFile(files.keyFile, two.key)
  await eventually(() => proxy.output.includes('does not belong to the certificate'), 'the half of a new pair is named')
  t.match(
    proxy.output,
    `warn: The key of --ssl-key (${files.keyFile}) does not belong to the certificate of --ssl-cert`,
  )
  t.match(await shownBy(proxy), 'DNS:one', 'and kept out')
  await writeFile(files.certFile, two.cert)
  await eventually(async () => (await shownBy(proxy)).includes('DNS:two'), 'the new pair is shown')

  t.equal(await connectionOf(), before, 'a connection that is kept alive is the one of before')
  socket.send('still here')
  t.equal(String((await once(socket, 'message'))[0]), 'still here')
  socket.close()
  t.notMatch(proxy.output, /PRIVATE KEY/)
})

t.test(
  'what is no certificate, or none that Envoy takes, is named and kept out, also of an Envoy that starts',
  async (t) => {
    const [one, two] = [await named('one'), await named('two')]
    const files = await mounted(one)
    const proxy = await ProxyProcess.start(['--ssl-key', files.keyFile, '--ssl-cert', files.certFile])
    t.teardown(() => Promise.all([proxy.stop(), files.remove()]))
    await truncate(files.certFile, 100)
    await eventually(() => proxy.output.includes('does not hold whole certificates'), 'the half-written file is named')
    t.match(await shownBy(proxy), 'DNS:one')

    await files.write(await authority.issue({ newKey: TOO_SHORT }))
    await eventually(
      () => proxy.output.includes("Envoy can't use the certificate of --ssl-cert"),
      "Envoy's refusal is named",
    )
    t.match(await shownBy(proxy), 'DNS:one')
    const envoy = await proxy.envoyPid()
    await endProcess(envoy)
    await eventually(
      async () => (await proxy.envoyPid()) !== envoy && (await shownBy(proxy).catch(() => '')) !== '',
      'Envoy is back',
    )
    t.match(await shownBy(proxy), 'DNS:one')

    await files.write(two)
    await eventually(async () => (await shownBy(proxy)).includes('DNS:two'), 'a good pair is shown')
  },
)

t.test('files that Kubernetes swaps by a link are read again', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
  for (const name of ['one', 'two']) {
    const { key, cert } = await named(name)
    await mkdir(join(directory, `..${name}`))
    await writeFile(join(directory, `..${name}`, 'tls.key'), key)
    await writeFile(join(directory, `..${name}`, 'tls.crt'), cert)
  }
  await symlink('..one', join(directory, '..data'))
  for (const file of ['tls.key', 'tls.crt']) await symlink(`..data/${file}`, join(directory, file))
  const proxy = await ProxyProcess.start([
    ...['--ssl-key', join(directory, 'tls.key'), '--ssl-cert', join(directory, 'tls.crt')],
  ])
  t.teardown(() => Promise.all([proxy.stop(), rm(directory, { recursive: true })]))
  t.match(await shownBy(proxy), 'DNS:one')
  await symlink('..two', join(directory, '..data_tmp'))
  await rename(join(directory, '..data_tmp'), join(directory, '..data'))
  await eventually(async () => (await shownBy(proxy)).includes('DNS:two'), 'the new pair is shown')
  t.notMatch(proxy.output, /warn/)
})

t.test('the certificate and the authorities for https targets are read again', async (t) => {
  const other = await Authority.make('other')
  const files = await mounted(await named('one'))
  const caFile = join(files.directory, 'ca.crt')
  await writeFile(caFile, await readFile(authority.file))
  const start = async (certificate: Certificate) =>
    Backend.start(
      'tls',
      (request, response) => response.end((request.socket as TLSSocket).getPeerCertificate().subjectaltname),
      0,
      { ...certificate, ca: authority.cert, requestCert: true },
    )
  const [ours, theirs] = await Promise.all([start(await authority.issue()), start(await other.issue())])
  const proxy = await ProxyProcess.start([
    ...['--client-ssl-key', files.keyFile, '--client-ssl-cert', files.certFile, '--client-ssl-ca', caFile],
  ])
  t.teardown(() => Promise.all([proxy.stop(), ours.stop(), theirs.stop(), other.remove(), files.remove()]))
  let routes = 0
  /** By a new route, so that no connection of before is used. */
  const answerOf = async (backend: Backend) => {
    routes += 1
    await proxy.route(`/r${routes}`, backend.url)
    return (await ask(proxy.port, `/r${routes}`)).body
  }
  t.match(await answerOf(ours), 'DNS:one')
  t.equal(await backendOf(proxy.port, '/none'), 404)

  await files.write(await authority.issue({ newKey: TOO_SHORT }))
  await eventually(
    () => proxy.output.includes("Envoy can't use the certificate of --client-ssl-cert"),
    'the refusal is named',
  )
  t.match(await answerOf(ours), 'DNS:one', 'a route that is made now gets the one of before')
  await files.write(await named('two'))
  await eventually(async () => (await answerOf(ours)).includes('DNS:two'), 'the new certificate is shown')

  t.notMatch(await answerOf(theirs), 'DNS:two', 'a target of another authority')
  await writeFile(caFile, Buffer.concat([authority.cert, other.cert]))
  await eventually(async () => (await answerOf(theirs)).includes('DNS:two'), 'the new authority is trusted')
})
