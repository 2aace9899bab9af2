import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { FatalError } from '../../platform/fatal-error.js'

/** Where Kubernetes puts a pod's ServiceAccount. */
const DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount'

/** How a program in a pod reaches the Kubernetes API. */
export interface Account {
  /** Such as `https://10.0.0.1:443`. */
  readonly server: string
  readonly namespace: string
  /** The present certificates of the API's authority, as PEM. Kubernetes replaces them when it gets another authority. */
  readonly authority: () => Promise<string>
  /** The present token. Kubernetes writes a new one at least every hour. */
  readonly token: () => Promise<string>
}

/** Undefined outside of a pod, or in one without a ServiceAccount's token. */
export async function findAccount(env: NodeJS.ProcessEnv, directory = DIRECTORY): Promise<Account | undefined> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env
  if (host === undefined) return undefined
  const read = async (name: string) => (await readFile(join(directory, name), 'utf8')).trim()
  try {
    for (const name of ['token', 'ca.crt']) await read(name)
    return {
      server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      namespace: await read('namespace'),
      authority: () => read('ca.crt'),
      token: () => read('token'),
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new FatalError(`The pod's ServiceAccount can't be used: ${(error as Error).message}`)
  }
}

/** @throws FatalError if there is none */
export async function requireAccount(env: NodeJS.ProcessEnv, directory?: string): Promise<Account> {
  const account = await findAccount(env, directory)
  if (account !== undefined) return account
  throw new FatalError(
    '--storage-backend kubernetes needs a pod with a ServiceAccount. ' +
      (env.KUBERNETES_SERVICE_HOST === undefined
        ? 'This is no pod: KUBERNETES_SERVICE_HOST is not set.'
        : `There is no token in ${directory ?? DIRECTORY}: set automountServiceAccountToken: true in the pod.`),
  )
}
