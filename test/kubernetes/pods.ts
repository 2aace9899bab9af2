import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../support/directory.js'
import type { ApiServer } from './api-server.js'

/** The files of a ServiceAccount where Kubernetes puts them, then the command that follows. */
const IN_POD =
  'mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io && ln -s "$0" /run/secrets/kubernetes.io/serviceaccount && exec "$@"'

/** What a process needs to be in a pod: what goes before its command, and its environment. */
export interface InPod {
  readonly before: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
}

export interface PodOptions {
  readonly namespace: string
  /** That of helm/z2jh/account.yaml unless given. */
  readonly serviceAccount?: string
  /** In place of the account's own. */
  readonly token?: string
  /** Where the API is said to be, if that is wrong. */
  readonly port?: number
  /** Where the account's files are put. */
  readonly directory: string
}

/** A pod with a ServiceAccount, as far as a process sees that. */
export async function inPod(api: ApiServer, options: PodOptions): Promise<InPod> {
  const { namespace, serviceAccount, token, port = api.port } = options
  const account = await api.account(namespace, serviceAccount)
  const files = join(options.directory, 'account')
  await mkdir(files, { recursive: true })
  await writeFile(join(files, 'namespace'), namespace)
  await writeFile(join(files, 'ca.crt'), await account.authority())
  await writeFile(join(files, 'token'), token ?? (await account.token()))
  return {
    before: ['unshare', '--mount', 'sh', '-c', IN_POD, files],
    env: { KUBERNETES_SERVICE_HOST: api.ip, KUBERNETES_SERVICE_PORT: String(port) },
  }
}

/** A new pod: nothing on its disk is from before. */
export async function newPod(
  t: { teardown(fn: () => unknown): unknown },
  api: ApiServer,
  options: Omit<PodOptions, 'directory'>,
): Promise<InPod & { readonly runtimeBase: string }> {
  const runtimeBase = await temporaryDirectory(t)
  return { ...(await inPod(api, { ...options, directory: runtimeBase })), runtimeBase }
}
