import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { startBackend } from '../test/support/backend-process.js'
import { startChp, startOurs } from './contender.js'
import { costBench } from './cost/main.js'
import { fleetBench } from './fleet-bench.js'
import { findLoadGenerator } from './load.js'
import { table, wantedFigures } from './report.js'
import { TableBench } from './table-bench.js'

/**
 * `npm run bench` measures this proxy beside CHP, `npm run bench -- fleet` a control plane with many routes and many
 * Envoys, and `npm run bench -- cost` what a request costs Envoy.
 */
async function main(): Promise<void> {
  const [bench, ...args] = process.argv.slice(2)
  if (bench === 'cost') return console.log(await costBench(args))
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      sizes: { type: 'string', default: '100,1000,10000' },
      quick: { type: 'boolean', default: false },
      routes: { type: 'string', default: '100000' },
      envoys: { type: 'string', default: '20' },
    },
  })
  if (positionals.length === 0) return compare(values)
  if (positionals.join() !== 'fleet') throw new Error(`There is no bench called ${positionals.join(' ')}`)
  const [routes, envoys] = [Number(values.routes), Number(values.envoys)]
  console.log(await fleetBench({ routes, envoys, progress }))
}

/** How long each measurement of requests takes, and how much is done how often. */
const FULL = { rounds: 3, seconds: 5, posts: 100 }
const QUICK = { rounds: 1, seconds: 1, posts: 100 }

/**
 * Measures tables of all sizes, of this proxy and of CHP. All of them stand at the same time and are measured in turn,
 * round after round, so that whatever else goes on in the machine falls on all alike; one that isn't being measured
 * takes no processor time.
 */
async function compare(values: { readonly sizes: string; readonly quick: boolean }): Promise<void> {
  const sizes = values.sizes.split(',').map(Number)
  const { rounds, seconds, posts } = values.quick ? QUICK : FULL
  const generator = findLoadGenerator()
  const stops: Array<() => Promise<void>> = []
  try {
    const backend = await startBackend()
    stops.push(backend.stop)
    const benches: TableBench[] = []
    for (const size of sizes) {
      for (const start of [startOurs, startChp]) {
        const contender = await start(backend.url)
        stops.push(contender.stop)
        progress(`${contender.name}: filling a table of ${size} routes`)
        const bench = new TableBench(contender, size, backend.url)
        await bench.fill()
        benches.push(bench)
      }
    }
    progress('the backend alone')
    const bare = await generator.load(backend.url, ['/x'], seconds)
    for (let round = 1; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}`)
      for (const bench of benches) await bench.postOneByOne(posts)
      for (const bench of benches) await bench.carryRequests(generator.load, seconds)
    }

    const results = benches.map((bench) => bench.result())
    console.log(
      `Node.js ${process.versions.node}, ${availableParallelism()} processors, load by ${generator.name}, ` +
        `one Envoy worker. The backend alone answers ${bare.toFixed(0)} req/s.\n`,
    )
    console.log(table(results))
    console.log(`\n${wantedFigures(results)}`)
  } finally {
    await Promise.all(stops.map((stop) => stop()))
  }
}

function progress(what: string): void {
  console.error(`... ${what}`)
}

await main()
