import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parseAllDocuments, stringify } from 'yaml'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { KubernetesStore } from '../../src/store/kubernetes/store.js'
import type { ApiServer } from './api-server.js'

interface ManifestOfRights {
  readonly kind: string
  readonly rules?: ReadonlyArray<{ readonly resources: readonly [string]; readonly verbs: readonly string[] }>
}

/** Our file for z2jh in namespaces of its own, each time without one of the rights that its Role gives. */
export function everyRight(t: Test, api: ApiServer): void {
  t.test('of the rights of account.yaml each is needed, and the command that is named grants it', async (t) => {
    const whole = await readFile(join(PACKAGE_ROOT, 'helm/z2jh/account.yaml'), 'utf8')
    const manifests = parseAllDocuments(whole).map((document) => document.toJS() as ManifestOfRights)
    const rights = manifests.flatMap(({ rules = [] }) =>
      rules.flatMap(({ resources: [resource], verbs }) => verbs.map((verb) => ({ resource, verb }))),
    )
    t.ok(rights.length > 0)
    for (const { resource, verb } of rights) {
      const namespace = `no-${verb}-${resource}`
      await api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } })
      await api.apply(
        namespace,
        manifests.map((manifest) => stringify(without(manifest, resource, verb))).join('---\n'),
      )
      const said = await openingSays(api, namespace)
      t.match(said, [`ServiceAccount may not ${verb} ${resource} in the namespace ${namespace}`])
      t.match(said, [`kubectl apply --namespace ${namespace} --filename helm/z2jh/account.yaml`])
      await api.apply(namespace, whole)
      t.strictSame(await openingSays(api, namespace), [], `${namespace}: granted`)
    }
  })
}

function without(manifest: ManifestOfRights, resource: string, verb: string): ManifestOfRights {
  const rules = manifest.rules?.map((rule) =>
    rule.resources[0] === resource ? { ...rule, verbs: rule.verbs.filter((other) => other !== verb) } : rule,
  )
  return { ...manifest, ...(rules && { rules }) }
}

/** The warnings of a store that is opened with the account's rights, and why it can't be. */
async function openingSays(api: ApiServer, namespace: string): Promise<readonly string[]> {
  const lines: string[] = []
  const log = { info: () => {}, warn: (line: string) => void lines.push(line) }
  const account = await api.account(namespace)
  await KubernetesStore.open({ account, name: 'routes', hostRouting: false, log }).then(
    (store) => store.close(),
    (error: Error) => void lines.push(error.message),
  )
  return lines
}
