import { hostNameOf } from '../../resources/clusters/cluster.js'
import type { Target } from '../../routing/target.js'
import { parseTarget } from '../../routing/target.js'
import type { Settings } from '../../settings/settings.js'
import { certificatesIn } from '../../tls/files.js'
import type { Probe, ProbeRequest, ProbeTls } from '../probe/probe.js'
import type { Found } from './candidates.js'
import type { ProbedTarget } from './facts.js'
import { pathOfKey } from './lookup.js'
import { shownTarget } from './posted.js'

export interface ProbingSources {
  readonly settings: Pick<Settings, 'routing' | 'forwarding' | 'limits' | 'tls'>
  readonly names: {
    /** The known addresses of a host name. */
    known(host: string): readonly string[]
    /** Why it does not resolve now. */
    failureOf(host: string): string | undefined
  }
  readonly probe: (request: ProbeRequest) => Promise<Probe>
}

/** Asks a route's target for the route's own prefix; undefined if the target can't be used. */
export async function probed(found: Found, sources: ProbingSources): Promise<ProbedTarget | undefined> {
  const target = targetOf(found)
  if (target === undefined) return undefined
  const host = hostNameOf(target)
  const reason = host && sources.names.failureOf(host)
  return {
    url: shownTarget(found.route.data.target),
    place: placeOf(target),
    unresolved: host !== undefined && reason !== undefined ? { host, reason } : undefined,
    probe: await probeOf(found.key, target, sources),
  }
}

async function probeOf(key: string, target: Target, { settings, names, probe }: ProbingSources): Promise<Probe> {
  const host = hostNameOf(target)
  const address = host && names.known(host)[0]
  // The system's own resolver could not be given up, and would keep a thread that files need.
  if (host !== undefined && address === undefined) {
    return {
      outcome: 'unresolved',
      status: null,
      isOfHub: false,
      ms: 0,
      detail: names.failureOf(host) ?? 'no address is known yet',
    }
  }
  return probe({
    target,
    address,
    path: pathOf(key, target, settings),
    tls: target.tls ? await tlsOf(settings) : { authorities: undefined, certificate: undefined },
  })
}

export function targetOf({ route }: Found): Target | undefined {
  try {
    return parseTarget(route.data.target)
  } catch {
    return undefined
  }
}

function placeOf({ address }: Target): string {
  return 'socketPath' in address ? address.socketPath : `port ${address.port} of ${address.host}`
}

/** What the target gets for a request to the route's prefix. */
function pathOf(key: string, target: Target, { forwarding, routing }: ProbingSources['settings']): string {
  const before = forwarding.prependPath ? target.path : ''
  const prefix = forwarding.includePrefix ? pathOfKey(key, routing.hostRouting) : '/'
  const escaped = prefix === '/' ? '' : prefix.split('/').map(encodeURIComponent).join('/')
  return `${before}${escaped}/`
}

/** The files' content of now; Envoy gets it, too, when they change. */
async function tlsOf({ tls: { targets } }: ProbingSources['settings']): Promise<ProbeTls> {
  const { authorities, certificate } = targets
  return {
    authorities: await authorities?.read().catch(() => authorities.first),
    certificate: await certificate?.read().catch(() => certificate.first),
  }
}

/** When the first of the certificates of the public port ends; undefined without TLS. */
export async function certificateEnd({ settings }: ProbingSources): Promise<Date | undefined> {
  const certificate = settings.tls.public?.certificate
  if (certificate === undefined) return undefined
  const { chain } = await certificate.read().catch(() => certificate.first)
  const ends = certificatesIn(chain).map(({ validTo }) => new Date(validTo).getTime())
  return ends.length === 0 ? undefined : new Date(Math.min(...ends))
}
