import type { Logger } from '../platform/log.js'
import type { TargetSettings } from '../resources/clusters/cluster.js'
import { resource } from '../resources/encode.js'
import { errorTargetCluster } from '../resources/error-pages/error-target.js'
import type { ErrorPages } from '../resources/error-pages/local-replies.js'
import { ERROR_TARGET, TYPE_URL } from '../resources/names.js'
import type { Scripts } from '../resources/scripts.js'
import type { ErrorPageSettings } from '../settings/error-pages.js'
import type { ResourceCollection } from '../xds/collection.js'

export interface ErrorPagesOptions {
  /** Gets the cluster of the error target, if there is one. */
  readonly clusters: ResourceCollection
  readonly tls: TargetSettings
  readonly scripts: Scripts
  readonly log: Logger
}

/** Where the pages of Envoy's own replies come from. */
export function provideErrorPages(
  { target, pages }: ErrorPageSettings,
  { clusters, tls, scripts, log }: ErrorPagesOptions,
): ErrorPages {
  if (pages?.byStatus.size === 0 && pages.other === undefined) {
    log.warn('--error-path has neither error.html nor a page such as 404.html: users get the built-in pages')
  }
  if (target === undefined) return pages === undefined ? {} : { pages }
  clusters.set(ERROR_TARGET, resource(TYPE_URL.cluster, errorTargetCluster(target.target, tls)))
  return { target: { request: target.request, script: scripts.errorPage } }
}
