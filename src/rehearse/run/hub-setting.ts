import { withoutTrailingSlashes } from '../../platform/text.js'
import type { UserPlan } from '../load/schedule.js'
import { allowedOrigin } from '../target/allowed.js'
import { GivenProxy } from '../target/given-proxy.js'
import { HubApi } from '../target/hub-api.js'
import { HubSite } from '../users/hub-site.js'
import type { Setting } from './setting.js'
import type { HubTarget, RehearsalSettings } from './settings.js'

/**
 * Makes the users in a real hub; what they start and are is removed at the end.
 *
 * @param onTrouble told what could not be removed
 * @param over ends the making, with an error
 * @throws FatalError if the hub isn't there, or refuses
 */
export async function hubSetting(
  { target, forMs, isMine }: RehearsalSettings & { readonly target: HubTarget },
  plans: readonly UserPlan[],
  onTrouble: (what: string) => void,
  over: AbortSignal,
): Promise<Setting> {
  const url = withoutTrailingSlashes(target.url)
  const origin = await allowedOrigin('--hub', url, isMine)
  const api = new HubApi(url, target.token, origin)
  const names = plans.map(({ user }) => `rehearsal-${user}`)
  const close = async () => {
    for (const trouble of await api.removeUsers()) onTrouble(trouble)
    await api.close()
  }
  const tokens = await api.makeUsers(names, forMs, over).catch(async (error) => {
    await close()
    throw error
  })
  const base = `${withoutTrailingSlashes(new URL(url).pathname)}/`
  const proxy = new GivenProxy(url, target.apiUrl, undefined)
  return {
    ...{ origin, proxy, hub: undefined, servers: undefined, threads: [], close },
    site: new HubSite(base, names, tokens, target.serverName ?? ''),
    description: await proxy.describe(),
    lost: new Promise(() => {}),
    refresh: async () => {},
    table: async () => undefined,
  }
}
