import t from 'tap'
import { without } from '../support/installed.js'
import { inNamespaces, withoutNamespaces } from './in-namespaces.js'
import { helmTools, kubeApiServer, withoutHelm } from './tools.js'

/** Should Helm and the API server have to be built, on a slow machine. */
const LIMIT_MS = 20 * 60_000

t.setTimeout(LIMIT_MS)
const skip = withoutNamespaces() || (await withoutHelm()) || (await without('etcd', 'etcd-server'))

t.test('the chart goes from one control plane with a volume to two', { skip, timeout: LIMIT_MS }, async (t) => {
  await helmTools()
  await kubeApiServer()
  await inNamespaces(t, new URL('two-control-planes.js', import.meta.url), LIMIT_MS)
})
