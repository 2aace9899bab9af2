// `npm start -- OPTIONS`: the proxy from a clone.
import { setUp } from './setup.mjs'

await setUp()
await import('../build/src/cli/main.js')
