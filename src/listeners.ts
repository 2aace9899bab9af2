import type { Listener } from '#proto/envoy/config/listener/v3/Listener.js'
import { publicListener } from './resources/listener.js'
import type { ErrorPages } from './resources/local-replies.js'
import { redirectListener } from './resources/redirect-listener.js'
import { publicTransport } from './resources/tls.js'
import type { Scripts } from './scripts.js'
import type { Settings } from './settings.js'

/** All listeners that Envoy is to have. */
export function listenersOf(
  settings: Settings,
  errorPages: ErrorPages,
  scripts: Scripts,
): ReadonlyArray<Listener & { name: string }> {
  const { public: address, tls, metrics, redirect, forwarding, limits } = settings
  const transport =
    tls.public &&
    publicTransport({
      requestCertificate: tls.public.clientAuthorities !== undefined,
      versions: tls.public.versions,
      ciphers: tls.public.ciphers,
    })
  return [
    publicListener({
      address,
      forwarding,
      limits,
      errorPages,
      scripts,
      countRequests: metrics !== undefined,
      ...(transport && { transport }),
    }),
    ...(redirect === undefined ? [] : [redirectListener({ ...redirect.at, toPort: redirect.toPort, limits })]),
  ]
}
