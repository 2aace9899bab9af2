import type { HeaderMutation } from '#proto/envoy/config/common/mutation_rules/v3/HeaderMutation.js'
import { setHeader } from '../shared/header-mutation.js'

/*
 * Envoy removes a `Referer` that it can't read as a URL: one of a host with an underscore in its name, `about:blank`, one
 * that isn't ASCII, and many more. JupyterHub refuses calls that come without. So it is copied before Envoy looks, and put
 * back as it was. Each does nothing where the header that it copies is empty or not there.
 */

const REFERER = 'referer'
const COPY = 'x-cep-referer'

/** Before Envoy itself looks at the headers. */
export const COPY_REFERER: HeaderMutation = setHeader(COPY, `%REQ(${REFERER})%`)

/** Among the filters' changes of a request's headers. */
export const RESTORE_REFERER: readonly HeaderMutation[] = [setHeader(REFERER, `%REQ(${COPY})%`), { remove: COPY }]
