import { parseArgs } from 'node:util'
import { ALL_CONTENDERS } from './contenders/all.js'
import { costBench } from './cost/main.js'
import { fleetAnswers } from './fleet-answers.js'
import { fleetBench } from './fleet-bench.js'
import { fleetChaos } from './fleet-chaos/main.js'
import { positive } from './positive.js'
import { REHEARSALS } from './rehearsals/main.js'
import { storesBench } from './stores-bench.js'
import { bench } from './suite/bench.js'
import { listed } from './suite/choice.js'
import { ALL_WORKS } from './works/all.js'

const HELP = `npm run bench [-- OPTIONS]      this proxy beside others: about 21 minutes, into docs/benchmarks.md
  --quick                      about 5 minutes, into build/
  --only NAME[,NAME]           these contenders, or these works, or both; table-* stands for all that begin so
npm run bench -- fleet [--routes N] [--envoys N]   the control plane with many simulated Envoys
npm run bench -- stores [--only NAME[,NAME]] [--routes N[,N]]      LMDB, etcd and Kubernetes: changes, and loading
npm run bench -- fleet-chaos [--minutes N] [--routes N] [--writes N]   control planes, Envoys and etcd in trouble; needs root
npm run bench -- fleet-chaos --store kubernetes --members 2 --envoys 2   the same over a real API server of Kubernetes
npm run bench -- fleet-answers [--rounds N] [--routes N]   a 201 of three control planes over etcd beside one over LMDB; a start with routes
npm run bench -- cost          Envoy's processor time for a request
npm run bench -- incidents [--only NAME,...]     each incident of \`rehearse\`, CHP and this: 15 minutes, into docs/rehearsals.md
npm run bench -- outage [--minutes N]            the outage of 2024, both lines of CHP and this: 10 minutes, into it, too
npm run bench -- sizing [--users N,...]          sizes to request, verified in cgroups: 30 minutes; needs root

${listed({ contenders: ALL_CONTENDERS, works: ALL_WORKS })}`

async function main(): Promise<string> {
  const [name = '', ...args] = process.argv.slice(2)
  if (name === 'cost') return costBench(args)
  if (name === 'fleet-chaos') return fleetChaos(args)
  if (name === 'fleet-answers') return answers(args)
  if (name === 'fleet') return fleet(args)
  if (name === 'incidents' || name === 'outage' || name === 'sizing') return REHEARSALS[name](args)
  if (name === 'stores') return stores(args)
  if (name !== '' && !name.startsWith('-')) throw new Error(`There is no bench called ${name}.\n\n${HELP}`)
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return HELP
  const only = values.only.split(',').filter((part) => part !== '')
  return bench({ quick: values.quick, only, signal: interruption() })
}

function fleet(args: string[]): Promise<string> {
  const options = { routes: { type: 'string', default: '100000' }, envoys: { type: 'string', default: '20' } } as const
  const { values } = parseArgs({ args, options })
  const progress = (what: string) => console.error(`... ${what}`)
  return fleetBench({ routes: positive(values, 'routes'), envoys: positive(values, 'envoys'), progress })
}

async function answers(args: string[]): Promise<string> {
  const options = { rounds: { type: 'string', default: '5' }, routes: { type: 'string', default: '10000' } } as const
  const { values } = parseArgs({ args, options })
  const progress = (what: string) => console.error(`... ${what}`)
  const numbers = { rounds: positive(values, 'rounds'), routes: positive(values, 'routes') }
  const { text, isGood } = await fleetAnswers({ ...numbers, progress })
  if (!isGood) throw new Error(text)
  return text
}

function stores(args: string[]): Promise<string> {
  const only = { type: 'string', default: 'lmdb,etcd-1,etcd-3,kubernetes' } as const
  const { values } = parseArgs({ args, options: { only, routes: { type: 'string', default: '1000,10000,50000' } } })
  const progress = (what: string) => console.error(`... ${what}`)
  const sizes = values.routes.split(',').map((routes) => positive({ routes }, 'routes'))
  return storesBench({ stores: values.only.split(','), sizes, progress })
}

/** The first SIGINT or SIGTERM ends the run in order, so that no proxy is left behind. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      console.error(`\n${name}: ending after this measurement`)
      controller.abort()
    })
  }
  return controller.signal
}

try {
  console.log(await main())
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
