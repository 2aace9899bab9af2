import type { Logger } from '../platform/log.js'
import type { ErrorPages } from '../resources/error-pages/local-replies.js'
import type { Scripts } from '../resources/scripts.js'
import type { ErrorPageSettings } from '../settings/error-pages.js'

export interface ErrorPagesOptions {
  readonly scripts: Scripts
  readonly log: Logger
}

/** Chooses where the pages of Envoy's own replies come from. */
export function provideErrorPages(
  { target, pages }: ErrorPageSettings,
  { scripts, log }: ErrorPagesOptions,
): ErrorPages {
  if (pages?.byStatus.size === 0 && pages.other === undefined) {
    log.warn('--error-path has neither error.html nor a page such as 404.html: users get the built-in pages')
  }
  if (target === undefined) return pages === undefined ? {} : { pages }
  return { target: { request: target.request, script: scripts.errorPage } }
}
