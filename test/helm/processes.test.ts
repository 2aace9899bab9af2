import t from 'tap'
import { inNamespaces, withoutNamespaces } from './in-namespaces.js'
import { helmTools, withoutHelm } from './tools.js'

/** Should Helm have to be built, on a slow machine. */
const LIMIT_MS = 20 * 60_000

t.setTimeout(LIMIT_MS)
const skip = withoutNamespaces() || (await withoutHelm())

t.test('the pods of the chart work when they are run as processes', { skip, timeout: LIMIT_MS }, async (t) => {
  await helmTools()
  await inNamespaces(t, new URL('processes.js', import.meta.url), LIMIT_MS)
})
