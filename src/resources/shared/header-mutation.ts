import type { HeaderMutation } from '#proto/envoy/config/common/mutation_rules/v3/HeaderMutation.js'
import type { HeaderValueOption } from '#proto/envoy/config/core/v3/HeaderValueOption.js'
import type { HeaderMutation as HeaderMutationFilter } from '#proto/envoy/extensions/filters/http/header_mutation/v3/HeaderMutation.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import { packAny } from '../../xds/messages.js'

type SetAction = 'ADD_IF_ABSENT' | 'OVERWRITE_IF_EXISTS' | 'OVERWRITE_IF_EXISTS_OR_ADD'

/**
 * Sets a header to the value of an Envoy format (`%REQ(name)%`). If that is empty, nothing is set.
 *
 * @param action what to do if there is a header of this name already; by default it is replaced
 */
export function setHeader(key: string, format: string, action?: SetAction): HeaderMutation {
  return { append: headerToSet(key, format, action) }
}

/** As {@link setHeader}, for routes and local replies. */
export function headerToSet(
  key: string,
  format: string,
  action: SetAction = 'OVERWRITE_IF_EXISTS_OR_ADD',
): HeaderValueOption {
  return { header: { key, value: format }, append_action: action }
}

/** As {@link setHeader}, but appends a comma and the new value to an existing header. */
export function appendHeader(key: string, format: string): HeaderMutation {
  return { append: { header: { key, value: format } } }
}

/** A filter that changes a request's headers. */
export function requestHeaderFilter(name: string, mutations: HeaderMutation[]): HttpFilter {
  return {
    name,
    typed_config: packAny('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', {
      mutations: { request_mutations: mutations },
    } satisfies HeaderMutationFilter),
  }
}
