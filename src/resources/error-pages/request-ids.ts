import type { LocalReplyConfig } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/LocalReplyConfig.js'
import type { ResponseMapper } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/ResponseMapper.js'
import { FAILED_PATH_HEADER, REQUEST_ID_HEADER } from '../names.js'
import { headerToSet } from '../shared/header-mutation.js'

/** What stands for the request's id in a page of the operator's. */
const PLACEHOLDER = '{{request_id}}'

const ID_FORMAT = `%REQ(${REQUEST_ID_HEADER})%`

/** Where a built-in page has the id. */
const END_OF_PAGE = '</body></html>'
const QUOTE_IT = `<p><small>If you ask for help, quote this number: <code>${PLACEHOLDER}</code></small></p>\n`

/** The same replies with the request's id on their pages, and for the server of error pages. */
export function withRequestIds({ mappers = [] }: LocalReplyConfig): LocalReplyConfig {
  return { mappers: mappers.map((mapper) => ({ ...withIdOnPage(mapper), ...withIdForTarget(mapper) })) }
}

function withIdOnPage(mapper: ResponseMapper): ResponseMapper {
  const { body, body_format_override } = mapper
  if (!body_format_override?.content_type?.startsWith('text/html')) return mapper
  const builtIn = body?.inline_string?.replace(END_OF_PAGE, QUOTE_IT + END_OF_PAGE)
  // Byte for byte, since a page may have any encoding.
  const page = builtIn === undefined ? Buffer.from(body?.inline_bytes ?? '').toString('latin1') : utf8(builtIn)
  const format = page.replaceAll('%', '%%').replaceAll(PLACEHOLDER, ID_FORMAT)
  const { body: _, ...rest } = mapper
  return {
    ...rest,
    body_format_override: {
      ...body_format_override,
      text_format_source: { inline_bytes: Buffer.from(format, 'latin1') },
    },
  }
}

function utf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function withIdForTarget({ headers_to_add = [] }: ResponseMapper): Pick<ResponseMapper, 'headers_to_add'> {
  const isMarked = headers_to_add.some(({ header }) => header?.key === FAILED_PATH_HEADER)
  return isMarked ? { headers_to_add: [...headers_to_add, headerToSet(REQUEST_ID_HEADER, ID_FORMAT)] } : {}
}
