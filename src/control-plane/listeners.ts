import type { Listener } from '#proto/envoy/config/listener/v3/Listener.js'
import { encodeResource } from '../resources/encode.js'
import type { ErrorPages } from '../resources/error-pages/local-replies.js'
import { publicListener } from '../resources/listeners/listener.js'
import { publicTransport } from '../resources/listeners/public-tls.js'
import { redirectListener } from '../resources/listeners/redirect-listener.js'
import { withoutPort } from '../resources/listeners/without-port.js'
import { TYPE_URL } from '../resources/names.js'
import type { Scripts } from '../resources/scripts.js'
import type { Settings } from '../settings/settings.js'
import { GENERATION } from '../xds/generation.js'
import type { Resource } from '../xds/resource.js'

/** All listeners for Envoys. */
export function listenerResources(settings: Settings, errorPages: ErrorPages, scripts: Scripts): Resource[] {
  const of = (generation: number) => listenersOf(settings, errorPages, scripts, generation)
  const earlier = Array.from({ length: GENERATION - 1 }, (_, index) => of(index + 1))
  return of(GENERATION).map((listener, index) =>
    encodeResource(
      TYPE_URL.listener,
      listener,
      earlier.flatMap((listeners) => listeners[index] ?? []),
    ),
  )
}

/** The same listeners for an Envoy that tries them out while another one serves. */
export function listenersWithoutPort(settings: Settings, errorPages: ErrorPages, scripts: Scripts): Resource[] {
  const listeners = listenersOf(settings, errorPages, scripts, GENERATION)
  return listeners.map((listener) => encodeResource(TYPE_URL.listener, withoutPort(listener)))
}

function listenersOf(
  settings: Settings,
  errorPages: ErrorPages,
  scripts: Scripts,
  generation: number,
): ReadonlyArray<Listener & { name: string }> {
  const { public: address, tls, metrics, redirect, forwarding, limits, embedded, accessLog } = settings
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
      workers: embedded.workers,
      errorPages,
      scripts,
      countRequests: metrics !== undefined,
      accessLog,
      tracing: settings.tracing,
      generation,
      ...(transport && { transport }),
    }),
    ...(redirect === undefined
      ? []
      : [redirectListener({ ...redirect.at, toPort: redirect.toPort, limits, generation })]),
  ]
}
