import { FatalError } from '../../platform/fatal-error.js'
import type { Account } from './account.js'
import { KubernetesClient } from './client.js'

/** What is done with a kind of objects, as Roles call it. */
interface Rights {
  readonly group: string
  readonly resource: string
  readonly verbs: readonly string[]
}

/** What routes need. */
const ROUTES: Rights = { group: '', resource: 'configmaps', verbs: ['list', 'watch', 'create', 'update', 'delete'] }

/** What control planes need to know of each other. */
const MEMBERS: Rights = {
  group: 'coordination.k8s.io',
  resource: 'leases',
  verbs: ['list', 'create', 'update', 'delete'],
}

/** How long an answer may take. */
const LIMIT_MS = 5_000

/**
 * Asks whether a pod's ServiceAccount may be used for routes.
 *
 * @returns why not, to follow "since"; undefined if it may
 */
export async function whyUnusable(account: Account): Promise<string | undefined> {
  const client = new KubernetesClient(account, LIMIT_MS)
  try {
    return await missingFor(ROUTES, client, account.namespace)
  } catch (error) {
    return `the API at ${account.server} can't be asked: ${(error as Error).message}`
  } finally {
    await client.close()
  }
}

/**
 * @returns what is lost because other control planes can't be known, as a sentence; undefined if they can
 * @throws FatalError with the rights that routes lack, and the command that grants them
 */
export async function requireRights(client: KubernetesClient, namespace: string): Promise<string | undefined> {
  const grant = `Grant it: kubectl apply --namespace ${namespace} --filename helm/z2jh/account.yaml`
  const [routes, members] = await Promise.all([ROUTES, MEMBERS].map((rights) => missingFor(rights, client, namespace)))
  if (routes !== undefined) {
    throw new FatalError(
      `No routes can be stored in Kubernetes, since ${routes}. ${grant}, with ` +
        'serviceAccountName: configurable-envoy-proxy in the pod.',
    )
  }
  if (members === undefined) return undefined
  return (
    `This control plane can't know of others over the same routes, since ${members}. If there are any, ` +
    `a change is answered before their Envoys have it. ${grant}`
  )
}

/** What is missing, in words; undefined if nothing is. */
async function missingFor(rights: Rights, client: KubernetesClient, namespace: string): Promise<string | undefined> {
  const { verbs, resource } = rights
  const answers = await Promise.all(verbs.map((verb) => mayI(client, namespace, rights, verb)))
  const missing = verbs.filter((_, index) => !answers[index])
  if (missing.length === 0) return undefined
  return `the pod's ServiceAccount may not ${missing.join(', ')} ${resource} in the namespace ${namespace}`
}

/** Every account may ask this about itself. */
async function mayI(
  client: KubernetesClient,
  namespace: string,
  { group, resource }: Rights,
  verb: string,
): Promise<boolean> {
  const body = {
    ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' },
    spec: { resourceAttributes: { namespace, verb, group, resource } },
  }
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const review = (await client.call({ method: 'POST', path, body })) as { status?: { allowed?: boolean } }
  return review.status?.allowed === true
}
