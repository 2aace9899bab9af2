import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { readEtcd } from '../../src/settings/etcd.js'
import { EtcdStore } from '../../src/store/etcd/store.js'
import { TlsFiles } from '../external/fleet.js'
import { join as joinFleet, route, watched } from '../store/shared-contract.js'
import { Authority } from '../support/certificate.js'
import { temporaryDirectory } from '../support/directory.js'
import { Etcd } from '../support/etcd.js'
import { without } from '../support/installed.js'
import { put } from '../support/store.js'
import { eventually } from '../support/wait.js'

const skip = await without('etcd', 'etcd-server')

t.test('certificates and authorities that are renewed on disk are used without a restart', { skip }, async (t) => {
  const base = await temporaryDirectory(t)
  const [old, next] = [await Authority.make('old'), await Authority.make('next')]
  t.teardown(() => Promise.all([old.remove(), next.remove()]))
  const both = Buffer.concat([old.cert, next.cert])
  const server = await TlsFiles.make(join(base, 'server'), await old.issue(), both)
  const client = await TlsFiles.make(join(base, 'client'), await old.issue(), old.cert)
  const at = ({ directory }: TlsFiles, name: string) => join(directory, name)
  const etcd = await Etcd.start(t, {
    scheme: 'https',
    args: [
      ...[`--cert-file=${at(server, 'tls.crt')}`, `--key-file=${at(server, 'tls.key')}`, '--client-cert-auth'],
      `--trusted-ca-file=${at(server, 'ca.crt')}`,
    ],
  })
  const connection = await readEtcd(
    {
      ...{ etcdEndpoints: etcd.endpoints.join(','), etcdSslCa: at(client, 'ca.crt') },
      ...{ etcdSslKey: at(client, 'tls.key'), etcdSslCert: at(client, 'tls.crt') },
    },
    {},
  )
  if (connection === undefined) throw new Error('no endpoints')
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line).msg) })
  const store = await EtcdStore.open({ connection, name: 'proxy-routes', hostRouting: false, log })
  t.teardown(() => store.close())
  await joinFleet(store)
  await store.load()
  const seen = watched(store)
  await put(store, route('/before'))
  const logged = (pattern: RegExp) => eventually(() => lines.some((line) => pattern.test(line)), String(pattern))

  await writeFile(at(client, 'tls.crt'), 'half a certif')
  await logged(/--etcd-ssl-cert.* The previous content stays in use/)
  await put(store, route('/meanwhile'))

  await client.replace(await next.issue(), both)
  await logged(/Read the certificate of --etcd-ssl-cert again/)
  await logged(/Read the authorities of --etcd-ssl-ca again/)
  await put(store, route('/renewed'))
  await eventually(() => seen.length === 3, 'what is followed goes on')

  // From now on nothing of before is valid any more.
  await etcd.stop()
  await server.replace(await next.issue(), next.cert)
  await etcd.startAgain()
  const isStored = () =>
    put(store, route('/after')).then(
      () => true,
      () => false,
    )
  await eventually(isStored, 'it writes with what is new')
  await eventually(() => seen.some((event) => 'key' in event && event.key === '/after'), 'and follows with it')
  await store.members.renew()
})
