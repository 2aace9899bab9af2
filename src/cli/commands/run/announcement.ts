import { shownAddress } from '../../../platform/address.js'
import { withoutSecrets } from '../../../routing/target.js'
import type { Settings } from '../../../settings/settings.js'

/**
 * The lines that are logged once everything serves, as in CHP.
 *
 * @param defaultTarget the target of `/`, whether it was just given or is kept from before
 */
export function announcement(settings: Settings, defaultTarget: string | undefined): readonly string[] {
  const { public: at, tls, api, metrics, redirect } = settings
  const scheme = (tlsOfIt: object | undefined) => (tlsOfIt === undefined ? 'http' : 'https')
  return [
    `Proxying ${scheme(tls.public)}://${shownAddress(at)} to ${defaultTarget === undefined ? '(no default)' : withoutSecrets(defaultTarget)}`,
    `Proxy API at ${scheme(api.tls)}://${shownAddress(api.at)}/api/routes`,
    ...(metrics === undefined ? [] : [`Serve metrics at http://${shownAddress(metrics)}/metrics`]),
    ...(redirect === undefined
      ? []
      : [`Added HTTP to HTTPS redirection from ${redirect.at.port} to ${redirect.toPort}`]),
  ]
}
