// `npm run build`, also before the package is packed.
import { build } from './setup.mjs'

build()
