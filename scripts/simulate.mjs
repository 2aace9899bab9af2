// `npm run simulate`: the protocol between control planes, in virtual time.
import { setUp } from './setup.mjs'

await setUp()
await import('../build/bench/simulator/main.js')
