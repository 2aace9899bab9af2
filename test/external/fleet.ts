import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Certificate } from '../support/certificate.js'
import { Authority } from '../support/certificate.js'
import { ExternalEnvoy, SOCKET_OF_EACH } from '../support/external-envoy.js'
import { Home } from '../support/home.js'
import { freePorts } from '../support/ports.js'

type Tap = Parameters<typeof Home.make>[0]

/** The files of one side's TLS, as a secret is mounted: replaced as a whole, never written to. */
export class TlsFiles {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  static async make(directory: string, certificate: Certificate, authorities: Buffer): Promise<TlsFiles> {
    await mkdir(directory, { recursive: true })
    const files = new TlsFiles(directory)
    await files.replace(certificate, authorities)
    return files
  }

  async replace({ key, cert }: Certificate, authorities: Buffer): Promise<void> {
    for (const [name, content] of Object.entries({ 'tls.key': key, 'tls.crt': cert, 'ca.crt': authorities })) {
      await writeFile(join(this.directory, `new-${name}`), content)
      await rename(join(this.directory, `new-${name}`), join(this.directory, name))
    }
  }

  /** Options of both the control plane and `bootstrap`. */
  get options(): string[] {
    const at = (name: string) => join(this.directory, name)
    return ['--xds-ssl-key', at('tls.key'), '--xds-ssl-cert', at('tls.crt'), '--xds-ssl-ca', at('ca.crt')]
  }
}

/** A control plane at a TCP port with mutual TLS, and what Envoys need to find it. */
export class Fleet {
  readonly home: Home
  readonly authority: Authority
  readonly server: TlsFiles
  readonly xdsPort: number
  readonly #t: Tap

  private constructor(t: Tap, parts: { home: Home; authority: Authority; server: TlsFiles; xdsPort: number }) {
    this.#t = t
    this.home = parts.home
    this.authority = parts.authority
    this.server = parts.server
    this.xdsPort = parts.xdsPort
  }

  static async make(t: Tap): Promise<Fleet> {
    const home = await Home.make(t)
    const authority = await Authority.make()
    t.teardown(() => authority.remove())
    const files = await TlsFiles.make(join(home.runtimeBase, 'server-tls'), await authority.issue(), authority.cert)
    const [xdsPort = 0] = await freePorts(1)
    return new Fleet(t, { home, authority, server: files, xdsPort })
  }

  /** The control plane, which has said that it serves. */
  start(args: readonly string[] = []) {
    const at = ['--envoy-mode', 'external', '--xds-address', `127.0.0.1:${this.xdsPort}`, '--socket', SOCKET_OF_EACH]
    return this.home.start([...at, ...this.server.options, ...args])
  }

  /** An Envoy that has yet to be started. */
  async envoy(
    name: string,
    host = '127.0.0.1',
    args: readonly string[] = [],
  ): Promise<{ envoy: ExternalEnvoy; tls: TlsFiles }> {
    const directory = join(this.home.runtimeBase, name)
    const tls = await TlsFiles.make(join(directory, 'tls'), await this.authority.issue(), this.authority.cert)
    const at = ['--mode', 'gateway', '--xds-address', `${host}:${this.xdsPort}`, '--node-id', name, ...args]
    const envoy = await ExternalEnvoy.make(this.#t, { directory, bootstrap: [...at, ...tls.options] })
    return { envoy, tls }
  }
}
