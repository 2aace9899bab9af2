// `npm run bench`: what the proxy costs and carries, beside CHP.
import { setUp } from './setup.mjs'

await setUp()
await import('../build/bench/main.js')
