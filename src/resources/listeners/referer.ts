import type { HeaderMutation } from '#proto/envoy/config/common/mutation_rules/v3/HeaderMutation.js'
import { headerToSet, setHeader } from '../shared/header-mutation.js'

/*
 * Envoy removes a `Referer` that it can't parse as a URL: with an underscore in the host name, `about:blank`, with
 * non-ASCII characters, and many more. JupyterHub refuses calls without it. So it is copied before Envoy reads the
 * headers, and restored later. Both mutations do nothing if the header that they copy is empty or missing.
 */

const REFERER = 'referer'
const COPY = 'x-cep-referer'

/** Applied before Envoy reads the headers. */
export const COPY_REFERER: HeaderMutation = setHeader(COPY, `%REQ(${REFERER})%`)

/** The copy, which no backend gets. */
export const REFERER_COPY = COPY

/** Applied by a route; {@link REFERER_COPY} must be removed after it. */
export const RESTORED_REFERER = headerToSet(REFERER, `%REQ(${COPY})%`)

/** Applied by a filter. */
export const RESTORE_REFERER: readonly HeaderMutation[] = [setHeader(REFERER, `%REQ(${COPY})%`), { remove: COPY }]
