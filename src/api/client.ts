import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import type { ListenAddress } from '../platform/address.js'
import type { ApiSettings, ApiTls } from '../settings/api.js'

const LIMIT_MS = 10_000

/** What the API answered. */
export interface ApiResponse {
  readonly status: number
  readonly body: string
}

/** A call; a GET unless it says otherwise. */
export interface ApiRequest {
  readonly path: string
  readonly method?: string
  readonly body?: unknown
  /** Undefined to show none. */
  readonly token: string | undefined
}

/**
 * Calls the REST API of a running proxy, from its machine and with its options.
 *
 * @throws Error if it doesn't answer
 */
export async function callApi({ at, tls }: Pick<ApiSettings, 'at' | 'tls'>, call: ApiRequest): Promise<ApiResponse> {
  const { path, method = 'GET', body, token } = call
  const socket = await connected(at, tls).catch((error: Error) => {
    throw new Error(`the REST API can't be asked: ${error.message}`)
  })
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      ...{ path, method, timeout: LIMIT_MS, createConnection: () => socket },
      headers: { host: 'localhost', ...(token ? { authorization: `token ${token}` } : {}) },
    }
    const sent = request(options, resolve)
    sent.once('timeout', () => sent.destroy(new Error(`the REST API does not answer within ${LIMIT_MS / 1000} s`)))
    sent.once('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
  return { status: response.statusCode ?? 0, body: await text(response) }
}

/** The token is only for who shows the certificate of --api-ssl-cert. */
async function connected(at: ListenAddress, tls: ApiTls | undefined): Promise<Socket> {
  const address = clientAddress(at)
  const signal = AbortSignal.timeout(LIMIT_MS)
  if (tls === undefined) {
    const socket = 'path' in address ? connect(address) : connect(address)
    await once(socket, 'connect', { signal })
    return socket
  }
  const { cert, key } = tls.context.first
  // JupyterHub and the API may share an authority, which --api-ssl-request-cert asks for.
  const shown = tls.requestCertificate ? { cert, key } : {}
  const socket = connectTls({ ...address, ...shown, rejectUnauthorized: false })
  await once(socket, 'secureConnect', { signal })
  if (socket.getPeerX509Certificate()?.fingerprint256 === fingerprintOf(cert)) return socket
  socket.destroy()
  throw new Error('what listens there shows another certificate than that of --api-ssl-cert')
}

function fingerprintOf(chain: ApiTls['context']['first']['cert']): string | undefined {
  return Buffer.isBuffer(chain) ? new X509Certificate(chain).fingerprint256 : undefined
}

/** Where a client finds a server that listens there: one that listens on all addresses is on the loopback one. */
export function clientAddress(at: ListenAddress): { path: string } | { host: string; port: number } {
  if ('socketPath' in at) return { path: at.socketPath }
  const { host, port } = at
  return { host: host === '' || host === '::' || host === '0.0.0.0' ? 'localhost' : host, port }
}
