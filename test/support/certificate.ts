import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** The files of a key and its certificate, and what is in them. */
export interface Certificate {
  readonly keyFile: string
  readonly certFile: string
  readonly key: Buffer
  readonly cert: Buffer
}

/** Options of `openssl req` that make the certificate what it is to be. */
export interface CertificateOptions {
  /** As openssl writes them. */
  readonly names?: string
  readonly passphrase?: string
  /** As for `openssl req -newkey`. */
  readonly newKey?: readonly string[]
}

const LOCAL = 'DNS:localhost,IP:127.0.0.1,IP:::1'
const ELLIPTIC = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']

/** Signs certificates, in a directory that {@link remove} removes with all that it made. */
export class Authority {
  readonly directory: string
  readonly #name: string
  readonly #own: Certificate
  readonly #isPart: boolean
  #made = 0

  private constructor(directory: string, name: string, own: Certificate, isPart: boolean) {
    this.directory = directory
    this.#name = name
    this.#own = own
    this.#isPart = isPart
  }

  static async make(name = 'root'): Promise<Authority> {
    const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
    return new Authority(directory, name, await make(directory, name, ['-addext', CA_EXTENSION], {}), false)
  }

  /** The file of its own certificate. */
  get file(): string {
    return this.#own.certFile
  }

  /** Its own certificate, to trust. */
  get cert(): Buffer {
    return this.#own.cert
  }

  /** An authority that this one has signed. */
  async intermediate(name = 'intermediate'): Promise<Authority> {
    return new Authority(this.directory, name, await this.#sign(name, ['-addext', CA_EXTENSION], {}), true)
  }

  /** A certificate, of localhost unless other names are given. */
  issue(options: CertificateOptions = {}): Promise<Certificate> {
    this.#made += 1
    const names = ['-addext', `subjectAltName=${options.names ?? LOCAL}`, '-addext', 'basicConstraints=CA:FALSE']
    return this.#sign(`${this.#name}-${this.#made}`, names, options)
  }

  /** A certificate whose time ended yesterday. */
  async expired(): Promise<Certificate> {
    const { keyFile, certFile, key } = await this.issue()
    const openssl = promisify(execFile)
    const request = `${certFile}.csr`
    const configuration = join(this.directory, 'openssl.cnf')
    const subject = ['-config', configuration, '-subj', '/CN=expired']
    await openssl('openssl', ['req', '-new', '-key', keyFile, ...subject, '-out', request])
    const signer = ['-CA', this.#own.certFile, '-CAkey', this.#own.keyFile]
    await openssl('openssl', ['x509', '-req', '-in', request, ...signer, '-days', '-1', '-out', certFile])
    return { keyFile, certFile, key, cert: await readFile(certFile) }
  }

  #sign(name: string, args: readonly string[], options: CertificateOptions): Promise<Certificate> {
    const { certFile, keyFile } = this.#own
    return make(this.directory, name, ['-CA', certFile, '-CAkey', keyFile, ...args], options)
  }

  async remove(): Promise<void> {
    if (!this.#isPart) await rm(this.directory, { recursive: true })
  }
}

const CA_EXTENSION = 'basicConstraints=critical,CA:TRUE'

async function make(
  directory: string,
  name: string,
  args: readonly string[],
  { passphrase, newKey = ELLIPTIC }: CertificateOptions,
): Promise<Certificate> {
  const [keyFile, certFile] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)]
  const protection = passphrase === undefined ? ['-noenc'] : ['-passout', `pass:${passphrase}`]
  // Without the extensions of the system's configuration, which differ from one to the next.
  const configuration = join(directory, 'openssl.cnf')
  await writeFile(configuration, '[req]\ndistinguished_name=dn\n[dn]\n')
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-config', configuration, '-newkey', ...newKey, '-keyout', keyFile, '-out', certFile],
    ...['-days', '2', '-subj', `/CN=${name}`, ...protection, ...args],
  ])
  return { keyFile, certFile, key: await readFile(keyFile), cert: await readFile(certFile) }
}
