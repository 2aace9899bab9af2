// Builds Helm and Kubernetes' API server before the tests run, where they can be built: the compiler would slow what
// else is running.
import { helmTools, kubeApiServer, withoutHelm } from './tools.js'

if ((await withoutHelm()) === false) {
  await helmTools()
  await kubeApiServer()
}
