import { eventually } from '../support/wait.js'
import type { ApiServer } from './api-server.js'
import { pathOf } from './resources.js'

/** What the values of the matrix refer to: a priority, and the kinds of cert-manager and of Prometheus' operator. */
export async function defineOthers(api: ApiServer): Promise<void> {
  await api.call('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', { metadata: { name: 'high' }, value: 1 })
  for (const [group, version, kind] of [
    ['cert-manager.io', 'v1', 'Certificate'],
    ['monitoring.coreos.com', 'v1', 'ServiceMonitor'],
  ] as const) {
    const plural = `${kind.toLowerCase()}s`
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
    await api.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: `${plural}.${group}` },
      spec: {
        ...{ group, scope: 'Namespaced', names: { plural, kind } },
        versions: [{ name: version, served: true, storage: true, schema }],
      },
    })
    await eventually(
      () => api.call('GET', pathOf(kind, 'default')).then(Boolean, () => false),
      `${kind} is served`,
      30_000,
    )
  }
}
