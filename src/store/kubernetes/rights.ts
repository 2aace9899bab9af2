import { FatalError } from '../../platform/fatal-error.js'
import type { Account } from './account.js'
import { KubernetesClient } from './client.js'

/** What the store does with ConfigMaps, as Roles call it. */
const VERBS = ['list', 'watch', 'create', 'update', 'delete'] as const

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
    const missing = await missingRights(client, account.namespace)
    return missing.length === 0 ? undefined : missingText(missing, account.namespace)
  } catch (error) {
    return `the API at ${account.server} can't be asked: ${(error as Error).message}`
  } finally {
    await client.close()
  }
}

/** @throws FatalError with the missing rights and the command that grants them */
export async function requireRights(client: KubernetesClient, namespace: string): Promise<void> {
  const missing = await missingRights(client, namespace)
  if (missing.length === 0) return
  throw new FatalError(
    `No routes can be stored in Kubernetes, since ${missingText(missing, namespace)}. Grant it: ` +
      `kubectl apply --namespace ${namespace} --filename helm/z2jh/account.yaml, with ` +
      'serviceAccountName: configurable-envoy-proxy in the pod.',
  )
}

function missingText(missing: readonly string[], namespace: string): string {
  return `the pod's ServiceAccount may not ${missing.join(', ')} configmaps in the namespace ${namespace}`
}

async function missingRights(client: KubernetesClient, namespace: string): Promise<readonly string[]> {
  const answers = await Promise.all(VERBS.map((verb) => mayI(client, namespace, verb)))
  return VERBS.filter((_, index) => !answers[index])
}

/** Every account may ask this about itself. */
async function mayI(client: KubernetesClient, namespace: string, verb: string): Promise<boolean> {
  const body = {
    ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' },
    spec: { resourceAttributes: { namespace, verb, resource: 'configmaps' } },
  }
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const review = (await client.call({ method: 'POST', path, body })) as { status?: { allowed?: boolean } }
  return review.status?.allowed === true
}
