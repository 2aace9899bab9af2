// `npm run build`, also before the package is packed: sets up what is missing and compiles.
import { setUp } from './setup.mjs'

await setUp()
