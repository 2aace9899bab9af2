import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Makes a directory of certificates, in PEM: an authority (ca), a server and a client that it signed, a server signed by
 * itself (untrusted), and the server's key under the passphrase `secret` (locked.key).
 */
export async function makeCertificates(): Promise<{ directory: string; remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
  const openssl = (...args: string[]) => run('openssl', args, { cwd: directory })
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
  await writeFile(join(directory, 'names'), names)
  const selfSigned = ['req', '-x509', '-newkey', 'rsa:2048', '-noenc', '-days', '2']
  await Promise.all([
    openssl(...selfSigned, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority'),
    openssl(
      ...selfSigned,
      '-keyout',
      'untrusted.key',
      '-out',
      'untrusted.pem',
      '-subj',
      '/CN=untrusted',
      '-addext',
      names,
    ),
  ])
  await Promise.all(
    ['server', 'client'].map(async (name) => {
      const request = ['req', '-newkey', 'rsa:2048', '-noenc', '-keyout', `${name}.key`, '-out', `${name}.csr`]
      await openssl(...request, '-subj', `/CN=${name}`)
      const sign = ['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '2']
      await openssl(...sign, '-extfile', 'names', '-out', `${name}.pem`)
    }),
  )
  await openssl('pkey', '-in', 'server.key', '-aes256', '-passout', 'pass:secret', '-out', 'locked.key')
  return { directory, remove: () => rm(directory, { recursive: true }) }
}
