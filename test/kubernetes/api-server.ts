import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { parseAllDocuments } from 'yaml'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import type { Account } from '../../src/store/kubernetes/account.js'
import { Authority } from '../support/certificate.js'
import { temporaryDirectory } from '../support/directory.js'
import { freePorts } from '../support/ports.js'
import { eventually } from '../support/wait.js'
import { pathOf } from './resources.js'

const ADMIN = 'admin-of-the-test'

export interface ApiServerOptions {
  /** Whether its etcd waits until the disk has what it answers for. Tests need not. */
  readonly disk?: 'durable' | 'fast'
  /** The address that it listens on. */
  readonly ip?: string
}

/** A real API server of Kubernetes over a real etcd, without nodes: nothing is run, everything is stored and checked. */
export class ApiServer {
  readonly ip: string
  readonly port: number
  readonly #start: () => ChildProcess
  readonly #agent: Agent
  readonly #authority: string
  #process: ChildProcess

  private constructor(ip: string, port: number, authority: Buffer, start: () => ChildProcess) {
    this.ip = ip
    this.port = port
    this.#authority = authority.toString()
    this.#agent = new Agent({ connect: { ca: this.#authority } })
    this.#start = start
    this.#process = start()
  }

  /** @param binary the path of kube-apiserver */
  static async start(
    t: { teardown(fn: () => unknown): unknown },
    binary: string,
    { disk = 'fast', ip = '127.0.0.1' }: ApiServerOptions = {},
  ): Promise<ApiServer> {
    const directory = await temporaryDirectory(t)
    const [port = 0, etcd = 0, peer = 0] = await freePorts(3)
    const authority = await Authority.make()
    t.teardown(() => authority.remove())
    const [server, signer] = [await authority.issue({ names: `IP:${ip}` }), await authority.issue()]
    await writeFile(join(directory, 'tokens'), `${ADMIN},admin,1,system:masters\n`)
    const database = run('etcd', [
      ...[`--data-dir=${directory}/etcd`, '--log-level=error', ...(disk === 'fast' ? ['--unsafe-no-fsync'] : [])],
      ...[`--listen-client-urls=http://127.0.0.1:${etcd}`, `--advertise-client-urls=http://127.0.0.1:${etcd}`],
      ...[`--listen-peer-urls=http://127.0.0.1:${peer}`, `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`],
      `--initial-cluster=default=http://127.0.0.1:${peer}`,
    ])
    t.teardown(() => end(database))
    const api = new ApiServer(ip, port, authority.cert, () =>
      run(binary, [
        ...[`--etcd-servers=http://127.0.0.1:${etcd}`, `--bind-address=${ip}`, `--secure-port=${port}`],
        ...[`--tls-cert-file=${server.certFile}`, `--tls-private-key-file=${server.keyFile}`],
        ...['--authorization-mode=RBAC', `--token-auth-file=${directory}/tokens`, `--cert-dir=${directory}`],
        ...['--service-account-issuer=https://kubernetes.default.svc', `--service-account-key-file=${signer.certFile}`],
        ...[`--service-account-signing-key-file=${signer.keyFile}`, '--service-cluster-ip-range=10.0.0.0/24'],
        // Of no use without nodes, and a machine without a default route has none.
        ...['--advertise-address=127.0.0.1', '--endpoint-reconciler-type=none'],
      ]),
    )
    t.teardown(() => api.stop())
    await api.ready()
    return api
  }

  async ready(): Promise<void> {
    await eventually(() => this.#isReady(), 'the API server is ready', 60_000)
  }

  async #isReady(): Promise<boolean> {
    if (this.#process.exitCode !== null) throw new Error('the API server has ended: CEP_DEBUG=1 shows why')
    return this.call('GET', '/readyz').then(
      () => true,
      () => false,
    )
  }

  /** Ends it, as a crash would. */
  async stop(): Promise<void> {
    await end(this.#process)
  }

  async startAgain(): Promise<void> {
    this.#process = this.#start()
    await this.ready()
  }

  /** Sends it a signal, such as SIGSTOP to have it give no answer. */
  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
  }

  get url(): string {
    return `https://${this.ip}:${this.port}`
  }

  /** A call with all rights. Fails with the API's message. */
  async call(method: Method, path: string, body?: object): Promise<unknown> {
    const type = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json'
    const answer = await request(`${this.url}${path}`, {
      ...{ method, dispatcher: this.#agent, body: body === undefined ? null : JSON.stringify(body) },
      headers: { authorization: `Bearer ${ADMIN}`, 'content-type': type },
    })
    const text = await answer.body.text()
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`)
    return text.startsWith('{') ? JSON.parse(text) : text
  }

  /** Makes a namespace, with what our file for z2jh has in it. */
  async namespace(name: string): Promise<void> {
    await this.call('POST', '/api/v1/namespaces', { metadata: { name } })
    await this.apply(name, await readFile(join(PACKAGE_ROOT, 'helm/z2jh/account.yaml'), 'utf8'))
  }

  /** What `kubectl apply --server-side --namespace NAMESPACE` makes of manifests, which are not changed. */
  async apply(namespace: string, yaml: string): Promise<void> {
    for (const document of parseAllDocuments(yaml)) {
      const object = document.toJS() as { readonly kind: string; readonly metadata: { readonly name: string } }
      const path = `${pathOf(object.kind, namespace)}/${object.metadata.name}?fieldManager=kubectl`
      await this.call('PATCH', path, object)
    }
  }

  /** What kubectl and Helm need to have all rights, as the text of a file. */
  get kubeconfig(): string {
    const authority = Buffer.from(this.#authority).toString('base64')
    return JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
      clusters: [{ name: 'test', cluster: { server: this.url, 'certificate-authority-data': authority } }],
      users: [{ name: 'admin', user: { token: ADMIN } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    })
  }

  /** How a pod of the namespace reaches this server, with the rights of a ServiceAccount. */
  async account(namespace: string, name = 'configurable-envoy-proxy'): Promise<Account> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`
    const { status } = (await this.call('POST', path, { spec: { expirationSeconds: 3_600 } })) as TokenRequest
    return {
      ...{ server: this.url, namespace, authority: async () => this.#authority },
      token: async () => status.token,
    }
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

interface TokenRequest {
  readonly status: { readonly token: string }
}

function run(program: string, args: readonly string[]): ChildProcess {
  return spawn(program, args, {
    stdio: ['ignore', 'ignore', process.env.CEP_DEBUG === undefined ? 'ignore' : 'inherit'],
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
