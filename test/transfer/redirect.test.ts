import t from 'tap'
import { inNamespaces, withoutNamespaces } from '../helm/in-namespaces.js'
import { without } from '../support/installed.js'

const LIMIT_MS = 180_000
const skip = withoutNamespaces() || (await without('iptables', 'iptables'))

t.test('from CHP to this by a rule of the kernel', { skip, timeout: LIMIT_MS }, async (t) => {
  await inNamespaces(t, new URL('redirect.js', import.meta.url), LIMIT_MS)
})
