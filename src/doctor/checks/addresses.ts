import type { ListenAddress, ListenTrouble } from '../../platform/address.js'
import { listenTrouble, shownAddress } from '../../platform/address.js'
import type { Holder } from '../facts/ports.js'
import { holdersOf } from '../facts/ports.js'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok, usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'
import { processesOf } from '../model/subject.js'

export interface AddressFacts {
  readonly address: ListenAddress
  readonly trouble: ListenTrouble | undefined
  readonly holders: readonly Holder[]
  /** The processes of the proxy that runs with these options. */
  readonly ours: readonly number[]
  /** Whether Envoy listens there, which may have rights that this process lacks. */
  readonly byEnvoy: boolean
}

interface Server {
  readonly code: `CEP${number}`
  readonly name: string
  readonly option: string
  readonly byEnvoy: boolean
  /** Undefined if there is no such server with these options. */
  readonly addressOf: (subject: Subject) => ListenAddress | undefined
}

function listens({ code, name, option, byEnvoy, addressOf }: Server): Check<Subject, AddressFacts> {
  return {
    code,
    question: `Can ${name} listen on its address?`,
    fatal: true,
    remedy: `Stop what has it (\`ss -ltnp\` shows it), or choose another with ${option}`,
    async gather(subject) {
      const address = addressOf(subject)
      if (address === undefined) throw new Inapplicable(`${option} is not given`)
      const trouble = await listenTrouble(address)
      const holders = trouble === undefined ? [] : holdersOf(address)
      return { address, trouble, holders, ours: processesOf(subject), byEnvoy }
    },
    judge: judgeAddress,
  }
}

function judgeAddress({ address, trouble, holders, ours, byEnvoy }: AddressFacts) {
  const shown = shownAddress(address)
  if (trouble === undefined) return ok(`${shown} is free`)
  const own = holders.find(({ pid }) => ours.includes(pid))
  if (own !== undefined) return ok(`${shown} is held by the proxy that runs with these options (process ${own.pid})`)
  if (byEnvoy && trouble.code === 'EACCES' && 'port' in address) return ok(`${shown}; CEP0206 is about the right to it`)
  const by =
    holders.length === 0 ? '' : ` It is held by ${holders.map(({ pid, name }) => `${name} (${pid})`).join(', ')}`
  return failed(`nothing can listen on ${shown}: ${trouble.reason}${by}`.replace(/\.$/, ''))
}

export const ADDRESSES: ReadonlyArray<Check<Subject, AddressFacts>> = [
  listens({
    ...{ code: 'CEP0201', name: 'the proxy', option: '--port, --ip or --socket', byEnvoy: true },
    addressOf: ({ sections }) => usable(sections.public),
  }),
  listens({
    ...{ code: 'CEP0202', name: 'the redirection to HTTPS', option: '--redirect-port', byEnvoy: true },
    addressOf: ({ sections }) => usable(sections.redirect)?.at,
  }),
  listens({
    ...{ code: 'CEP0203', name: 'the REST API', option: '--api-port, --api-ip or --api-socket', byEnvoy: false },
    addressOf: ({ sections }) => usable(sections.api).at,
  }),
  listens({
    ...{ code: 'CEP0204', name: 'the metrics server', option: '--metrics-port or --metrics-socket', byEnvoy: false },
    addressOf: ({ sections }) => usable(sections.metrics),
  }),
  listens({
    ...{ code: 'CEP0205', name: 'the xDS server', option: '--xds-address', byEnvoy: false },
    addressOf: ({ sections }) => usable(sections.external)?.address,
  }),
]
