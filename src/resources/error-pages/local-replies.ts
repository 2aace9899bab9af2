import type { DataSource } from '#proto/envoy/config/core/v3/DataSource.js'
import type { LocalReplyConfig } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/LocalReplyConfig.js'
import type { ResponseMapper } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/ResponseMapper.js'
import type { OwnPages } from '../../settings/error-pages.js'
import { allOf, GRPC, IS_ERROR, oneOf, statusIs, UPGRADE, UPLOAD_CUT_OFF } from '../shared/access-log-filters.js'
import { BUILTIN_STATUSES, builtinPage, uploadCutOffPage } from './builtin-pages.js'
import type { ErrorTargetInput } from './error-target.js'
import { FAILED_REPLY_HEADERS } from './error-target.js'
import { overloadReplies } from './overload-replies.js'
import { refusals } from './refused-handshakes.js'

/** Where error pages come from. Without both, or if one has no page, the built-in pages are used. */
export interface ErrorPages {
  /** The server from which a page is fetched for each failed request. */
  readonly target?: ErrorTargetInput
  /** The operator's own pages. */
  readonly pages?: OwnPages
}

const BUILTIN_TYPE = 'text/html; charset=utf-8'
/** As in CHP, without a charset, so that a page can declare its own encoding. */
const OWN_TYPE = 'text/html'

/** For invalid or late answers of a target Envoy uses 502 and 504; CHP uses 503. */
const ALSO_503 = [502, 504]

/**
 * The form of Envoy's own replies. All are complete within Envoy, so that they depend on nothing else. The first mapper
 * that matches applies.
 */
export function localReplies({ target, pages }: ErrorPages): LocalReplyConfig {
  const mark = target === undefined ? {} : { headers_to_add: FAILED_REPLY_HEADERS }
  const page = (status?: number) => ({ ...pageOf(status, pages), ...mark })
  const statuses = new Set([...BUILTIN_STATUSES, ...(pages?.byStatus.keys() ?? [])])
  const mappers: ResponseMapper[] = [
    ...overloadReplies(pageOf(503, pages)),
    ...refusals(),
    // As in CHP, a failed upgrade gets the bare status: its client shows no page.
    { filter: allOf(UPGRADE, oneOf(ALSO_503.map(statusIs))), status_code: { value: 503 }, ...EMPTY },
    { filter: allOf(UPGRADE, IS_ERROR), ...EMPTY },
    // Envoy turns the status into a gRPC error; a page would only become its message.
    { filter: allOf(GRPC, IS_ERROR), ...EMPTY },
    // The error target isn't asked: a hub's page would say that the server isn't running, but it is.
    { filter: UPLOAD_CUT_OFF, ...uploadCutOff(pages) },
    { filter: oneOf(ALSO_503.map(statusIs)), status_code: { value: 503 }, ...page(503) },
    ...[...statuses].map((status) => ({ filter: statusIs(status), ...page(status) })),
    { filter: IS_ERROR, ...page() },
  ]
  return { mappers }
}

function uploadCutOff(own: OwnPages | undefined): Pick<ResponseMapper, 'body' | 'body_format_override'> {
  return own === undefined ? body({ inline_string: uploadCutOffPage() }, BUILTIN_TYPE) : pageOf(503, own)
}

function pageOf(
  status: number | undefined,
  own: OwnPages | undefined,
): Pick<ResponseMapper, 'body' | 'body_format_override'> {
  const bytes = (status !== undefined && own?.byStatus.get(status)) || own?.other
  return bytes === undefined
    ? body({ inline_string: builtinPage(status) }, BUILTIN_TYPE)
    : body({ inline_bytes: bytes }, OWN_TYPE)
}

function body(content: DataSource, contentType: string): Pick<ResponseMapper, 'body' | 'body_format_override'> {
  return {
    body: content,
    body_format_override: {
      text_format_source: { inline_string: '%LOCAL_REPLY_BODY%' },
      content_type: contentType,
    },
  }
}

const EMPTY = { body: { inline_string: '' } }
