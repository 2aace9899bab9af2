import { FatalError } from '../../platform/fatal-error.js'
import type { UserPlan } from '../load/schedule.js'
import { RemoteStage } from '../played/remote-stage.js'
import type { ProxyDescription, Rehearsal } from '../record.js'
import { allowedOrigin } from '../target/allowed.js'
import { GivenProxy } from '../target/given-proxy.js'
import { OwnProxy } from '../target/own-proxy.js'
import { PlayedSite } from '../users/played-site.js'
import type { Site } from '../users/site.js'
import type { Origin } from '../wire/socket.js'
import type { PlayedHub, PlayedServers, ProxyHandle } from '../world.js'
import type { Utilization } from './generator.js'
import { HubHandle, ServersHandle } from './hub-handle.js'
import { leadsToHub } from './leads-to-hub.js'
import type { GivenTarget, OwnTarget, RehearsalSettings } from './settings.js'

/** The longest time between two checks of the hub; in a short rehearsal it is shorter. */
const CHECK_MS = { most: 300_000, share: 0.25 } as const

/** All that stands before the first user comes. */
export interface Setting {
  readonly site: Site
  readonly origin: Origin
  readonly proxy: ProxyHandle
  readonly description: ProxyDescription
  readonly hub: PlayedHub | undefined
  readonly servers: PlayedServers | undefined
  /** Of threads beside this one. */
  readonly threads: readonly Utilization[]
  /** Resolves with the reason if what stands here is gone, so that it is useless to go on. */
  readonly lost: Promise<string>
  /** Learns which routes and servers there are now. */
  refresh(): Promise<void>
  /** How the proxy's table is at the end; undefined if that can't be known. */
  table(): Promise<Rehearsal['table']>
  close(): Promise<void>
}

/**
 * Plays hub and servers, and starts a proxy unless one is given.
 *
 * @param onTrouble told what the hub would log as an error
 * @param over ends the wait for a proxy that starts, with an error
 * @throws FatalError if there is no proxy, or one that must not be touched
 */
export async function playedSetting(
  settings: RehearsalSettings & { readonly target: OwnTarget | GivenTarget },
  plans: readonly UserPlan[],
  onTrouble: (what: string) => void,
  over: AbortSignal,
): Promise<Setting> {
  const { target, forMs } = settings
  const names = plans.map(({ user }) => `rehearsal-${user}`)
  const checkIntervalMs = Math.min(CHECK_MS.most, CHECK_MS.share * forMs)
  const stage = new RemoteStage({ names, spawnMs: plans.map(({ spawnMs }) => spawnMs), checkIntervalMs }, onTrouble)
  let proxy: OwnProxy | GivenProxy | undefined
  try {
    const hubUrl = await stage.call('openHub')
    proxy = await theProxy(settings, hubUrl, over)
    const found = await allowedOrigin('--proxy-url', proxy.publicUrl, settings.isMine)
    const origin = { ...found, takesAnyCertificate: proxy.isOwn }
    await stage.call('use', { url: proxy.apiUrl ?? '', token: proxy.token }).catch(asFatal)
    if (!proxy.isOwn) await leadsToHub(origin, proxy.publicUrl, hubUrl)
    return settingOf(stage, proxy, origin, names, checkIntervalMs, await proxy.describe(), onTrouble)
  } catch (error) {
    if (target.kind === 'given') await stage.call('leave').catch(() => {})
    await stage.close()
    await proxy?.close()
    throw error
  }
}

/** Of an error in the other thread, which says what is wrong with the proxy. */
function asFatal({ message }: Error): never {
  throw new FatalError(message)
}

async function theProxy(
  { target, incidents, isMine }: RehearsalSettings,
  hubUrl: string,
  over: AbortSignal,
): Promise<OwnProxy | GivenProxy> {
  if (target.kind === 'given') {
    await allowedOrigin('--api-url', target.apiUrl, isMine)
    return new GivenProxy(target.publicUrl, target.apiUrl, target.token)
  }
  if (target.kind !== 'own') throw new FatalError('A real hub has its own proxy.')
  const withTls = incidents.some(({ incident }) => incident.needs.includes('tls'))
  const proxy = await OwnProxy.prepare(target.command, hubUrl, withTls)
  try {
    await proxy.start(over)
    return proxy
  } catch (error) {
    await proxy.close()
    throw error
  }
}

function settingOf(
  stage: RemoteStage,
  proxy: OwnProxy | GivenProxy,
  origin: Origin,
  names: readonly string[],
  checkIntervalMs: number,
  description: ProxyDescription,
  onTrouble: (what: string) => void,
): Setting {
  const hub = new HubHandle(stage, checkIntervalMs, proxy.isOwn ? proxy : undefined, onTrouble)
  const servers = new ServersHandle(stage)
  return {
    ...{ site: new PlayedSite(names), origin, proxy, description, hub, servers, threads: [stage.utilization] },
    lost: stage.lost,
    refresh: async () => {
      await Promise.all([hub.refresh(), servers.refresh()])
    },
    table: async () => {
      const [wanted, { missing, stale }] = await Promise.all([stage.call('routes'), stage.call('compare')])
      return { wanted: wanted.length, missing: missing.length, stale: stale.length }
    },
    close: async () => {
      hub.close()
      if (!proxy.isOwn)
        await stage.call('leave').catch((error: Error) => onTrouble(`its routes are left: ${error.message}`))
      await proxy.close()
      await stage.close()
    },
  }
}
