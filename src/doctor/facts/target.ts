import type { IncomingMessage } from 'node:http'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Target } from '../../routing/target.js'
import type { TargetTlsSettings } from '../../settings/target-tls.js'

/** What became of a request to a target. */
export type TargetAnswer =
  | { readonly status: number; readonly date: Date | undefined }
  /** The system's or OpenSSL's name for the fault, and its words. */
  | { readonly code: string; readonly reason: string }

const LIMIT_MS = 10_000

/** Asks a target for its root, as Envoy would: with the certificate and the authorities of the options. */
export function askTarget(target: Target, tls: TargetTlsSettings): Promise<TargetAnswer> {
  const { address } = target
  const where = 'socketPath' in address ? { socketPath: address.socketPath } : address
  const { chain: cert, key } = tls.certificate?.first ?? {}
  const ca = tls.authorities?.first
  const options = {
    ...where,
    ...{ path: `${target.path}/`, method: 'GET', agent: false, timeout: LIMIT_MS },
    ...(target.tls ? { cert, key, ...(ca === undefined ? { rejectUnauthorized: false } : { ca }) } : {}),
  }
  return new Promise((resolve) => {
    const call = (target.tls ? requestHttps : requestHttp)(options, (response: IncomingMessage) => {
      const { statusCode = 0, headers } = response
      response.destroy()
      resolve({ status: statusCode, date: headers.date === undefined ? undefined : new Date(headers.date) })
    })
    call.once('timeout', () => {
      resolve({ code: 'ETIMEDOUT', reason: `no answer within ${LIMIT_MS / 1000} s` })
      call.destroy()
    })
    call.once('error', ({ code = 'unknown', message }: NodeJS.ErrnoException) => resolve({ code, reason: message }))
    call.end()
  })
}
