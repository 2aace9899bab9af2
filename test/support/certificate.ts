import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface CertificateFiles {
  readonly key: string
  readonly cert: string
  /** The certificate itself, to trust. */
  readonly ca: Buffer
  remove(): Promise<void>
}

/** Makes a key and a certificate for localhost and 127.0.0.1, signed by itself. */
export async function makeCertificate(passphrase?: string): Promise<CertificateFiles> {
  const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const protection = passphrase === undefined ? ['-noenc'] : ['-passout', `pass:${passphrase}`]
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, '-days', '2', ...protection],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
  ])
  return { key, cert, ca: await readFile(cert), remove: () => rm(directory, { recursive: true }) }
}
