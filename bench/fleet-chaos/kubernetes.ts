import { NODE_IP } from '../../test/helm/network.js'
import { kubeApiServer } from '../../test/helm/tools.js'
import { ApiServer } from '../../test/kubernetes/api-server.js'
import type { InPod } from '../../test/kubernetes/pods.js'
import { inPod } from '../../test/kubernetes/pods.js'
import { Part } from './part.js'

const NAMESPACE = 'hub'

/** The API server as a part: it can be killed and frozen. Control planes can be cut off from it. */
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

/** A real API server, and the account of our Role. */
export async function startKubernetes(
  directory: string,
  onEnd: (step: () => unknown) => void,
): Promise<{ readonly part: Part; readonly pod: InPod }> {
  const server = await ApiServer.start({ teardown: onEnd }, await kubeApiServer(), { ip: NODE_IP })
  await server.namespace(NAMESPACE)
  return { part: new ApiServerPart(server, directory), pod: await inPod(server, { namespace: NAMESPACE, directory }) }
}
