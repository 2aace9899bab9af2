import type { ApiResponse } from '../../api/client.js'
import { callApi } from '../../api/client.js'
import { usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'

export interface ApiCall {
  readonly method?: string
  readonly body?: unknown
}

/**
 * Calls the REST API of the running proxy, with the token in the environment if there is one.
 *
 * @throws Error if it doesn't answer
 */
export async function askApi({ sections, env }: Subject, path: string, call: ApiCall = {}): Promise<ApiResponse> {
  return callApi(usable(sections.api), { ...call, path, token: env.CONFIGPROXY_AUTH_TOKEN })
}
