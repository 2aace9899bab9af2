import type { HeaderMutation } from '#proto/envoy/config/common/mutation_rules/v3/HeaderMutation.js'
import type { HttpConnectionManager } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.js'
import type { UuidRequestIdConfig } from '#proto/envoy/extensions/request_id/uuid/v3/UuidRequestIdConfig.js'
import { packAny } from '../../xds/messages.js'
import { REQUEST_ID_HEADER } from '../names.js'
import { setHeader } from '../shared/header-mutation.js'

/** Keeps an id that is valid while the header is removed. */
const VALID = 'x-cep-request-id'

const GIVEN = `request.headers['${REQUEST_ID_HEADER}']`

/** The id of the client, or of the server in front, if it can do no harm in a log or on a page; else an empty text. */
const IS_VALID = `'${REQUEST_ID_HEADER}' in request.headers && size(${GIVEN}) <= 64 && ${GIVEN}.matches('^[A-Za-z0-9._:-]+$')`

/** Removes an id that isn't valid. Must be applied before Envoy reads the headers. */
export const KEEP_VALID_ID: readonly HeaderMutation[] = [
  { remove: VALID },
  setHeader(VALID, `%CEL((${IS_VALID}) ? ${GIVEN} : "")%`),
  { remove: REQUEST_ID_HEADER },
  setHeader(REQUEST_ID_HEADER, `%REQ(${VALID})%`),
  { remove: VALID },
]

/** Envoy would change a digit of an id, and let it decide what is traced. */
export const OWN_SAMPLING = {
  typed_config: packAny('envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig', {
    pack_trace_reason: { value: false },
    use_request_id_for_trace_sampling: { value: false },
  } satisfies UuidRequestIdConfig),
}

/** Without an id, Envoy makes none: backends and browsers get the same headers as with CHP. */
export function requestIds(wanted: boolean): Partial<HttpConnectionManager> {
  if (!wanted) return { generate_request_id: { value: false } }
  return {
    generate_request_id: { value: true },
    preserve_external_request_id: true,
    always_set_request_id_in_response: true,
    request_id_extension: OWN_SAMPLING,
  }
}
