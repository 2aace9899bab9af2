import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kubeApiServer } from '../../test/helm/tools.js'
import { ApiServer } from '../../test/kubernetes/api-server.js'
import { Part } from './part.js'

const NAMESPACE = 'hub'

/** The files of a ServiceAccount where Kubernetes puts them, then the command that follows. */
const IN_POD =
  'mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io && ln -s "$0" /run/secrets/kubernetes.io/serviceaccount && exec "$@"'

/** The API server as a part: it can be killed and frozen. */
class ApiServerPart extends Part {
  readonly #server: ApiServer

  constructor(server: ApiServer, directory: string) {
    super({ kind: 'store', name: 'kube-apiserver', network: undefined, cable: '', command: [], directory })
    this.#server = server
  }

  override start(): void {}

  override async suffer(trouble: NonNullable<Part['trouble']>): Promise<void> {
    this.trouble = trouble
    if (trouble === 'killed') await this.#server.stop()
    else this.#server.signal('SIGSTOP')
  }

  override async recover(): Promise<void> {
    if (this.trouble === 'killed') await this.#server.startAgain()
    else this.#server.signal('SIGCONT')
    this.trouble = undefined
    this.wellSince = performance.now()
  }
}

/** What a control plane needs to be in a pod: what goes before its command, and its environment. */
export interface InPod {
  readonly before: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/** A real API server, and the account of our Role. */
export async function startKubernetes(
  directory: string,
  onEnd: (step: () => unknown) => void,
): Promise<{ readonly part: Part; readonly inPod: InPod }> {
  const server = await ApiServer.start({ teardown: onEnd }, await kubeApiServer())
  await server.namespace(NAMESPACE)
  const account = await server.account(NAMESPACE)
  const files = join(directory, 'account')
  await mkdir(files)
  await writeFile(join(files, 'namespace'), NAMESPACE)
  await writeFile(join(files, 'ca.crt'), account.authority)
  await writeFile(join(files, 'token'), await account.token())
  const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(server.port) }
  return {
    part: new ApiServerPart(server, directory),
    inPod: { before: ['unshare', '--mount', 'sh', '-c', IN_POD, files], env },
  }
}
