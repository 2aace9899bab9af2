import type { HeaderMutation } from '#proto/envoy/config/common/mutation_rules/v3/HeaderMutation.js'
import type {
  Config,
  _envoy_extensions_filters_http_header_to_metadata_v3_Config_Rule as Rule,
} from '#proto/envoy/extensions/filters/http/header_to_metadata/v3/Config.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import type { AccessLogField, AccessLogSettings } from '../../settings/access-log.js'
import { packAny } from '../../xds/messages.js'
import { ACCESS_LOG_NAMESPACE } from '../names.js'
import { setHeader } from '../shared/header-mutation.js'

/*
 * What filters keep of a request for an access log: what Envoy's formats can't take from it at the end. With the
 * default settings that is nothing.
 */

const QUERY_HEADER = 'x-cep-query'

/** The name of a parameter: what doesn't look like one is treated as a value. */
const NAME = '[\\w.\\[\\]-]*='

/** Where other expressions stop matching, such as at bytes that are not UTF-8: nothing from there on is kept. */
const REST = '\\C+'

/** An expression whose every match is replaced. */
interface Replacement {
  readonly regex: string
  readonly substitution: string
}

/** The parameters of a query without their values. */
const NAMES: Replacement = { regex: `(^|&)(${NAME})?[^&]*|${REST}`, substitution: '\\1\\2' }

/** Printable ASCII without blanks, quotes and backslashes: what a valid URL has. */
const URL_CHARACTERS = startOf('[!#-\\[\\]-~]')

/**
 * What a text may have of the fields that a client chose, so that no client can write other fields. A field ends where
 * another character begins.
 */
const TEXT_FIELDS: ReadonlyArray<{
  readonly field: AccessLogField
  readonly header: string
  readonly kept: Replacement
}> = [
  { field: 'path', header: ':path', kept: startOf('[!#->@-\\[\\]-~]') },
  { field: 'forwarded_for', header: 'x-forwarded-for', kept: startOf('[0-9A-Fa-f.:, ]') },
  { field: 'request_id', header: 'x-request-id', kept: startOf('[\\w.:/+=@-]') },
  { field: 'method', header: ':method', kept: startOf('[A-Za-z-]') },
]

function startOf(characters: string): Replacement {
  return { regex: `(^${characters}*)|${REST}`, substitution: '\\1' }
}

/** Must be applied before Envoy reads the headers. */
export function keptEarly(settings: AccessLogSettings): HeaderMutation[] {
  return queryKept(settings) === undefined
    ? []
    : [{ remove: QUERY_HEADER }, setHeader(QUERY_HEADER, '%QUERY_PARAMS(ORIG)%')]
}

/** The filters that keep it; they must come before those that change the request. */
export function keptFilters(settings: AccessLogSettings): HttpFilter[] {
  const query = queryKept(settings)
  const request_rules = [
    ...(query === undefined ? [] : [{ ...rule('query', QUERY_HEADER, query), remove: true }]),
    ...('text' in settings.format ? TEXT_FIELDS.map(({ field, header, kept }) => rule(field, header, kept)) : []),
  ]
  if (request_rules.length === 0) return []
  return [
    {
      name: 'access_log',
      typed_config: packAny('envoy.extensions.filters.http.header_to_metadata.v3.Config', {
        request_rules,
      } satisfies Config),
    },
  ]
}

/** The format of a kept field; undefined if it isn't kept. */
export function keptFormat(field: AccessLogField, settings: AccessLogSettings): string | undefined {
  const isKept =
    field === 'query'
      ? queryKept(settings) !== undefined
      : 'text' in settings.format && TEXT_FIELDS.some((one) => one.field === field)
  return isKept ? `%DYNAMIC_METADATA(${ACCESS_LOG_NAMESPACE}:${field})%` : undefined
}

function queryKept({ format, query }: AccessLogSettings): Replacement | undefined {
  if (query === 'names') return NAMES
  return query === 'all' && 'text' in format ? URL_CHARACTERS : undefined
}

function rule(key: AccessLogField, header: string, { regex, substitution }: Replacement): Rule {
  const regex_value_rewrite = { pattern: { regex }, substitution }
  return { header, on_header_present: { metadata_namespace: ACCESS_LOG_NAMESPACE, key, regex_value_rewrite } }
}
