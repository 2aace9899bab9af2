// Builds Helm before the tests run, where it can be built: the compiler would slow what else is running.
import { helmTools, withoutHelm } from './tools.js'

if ((await withoutHelm()) === false) await helmTools()
