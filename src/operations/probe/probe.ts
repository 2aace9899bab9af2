import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { hostNameOf } from '../../resources/clusters/cluster.js'
import type { Target } from '../../routing/target.js'

/** What becomes of a request that the control plane itself sends to a target. */
export type ProbeOutcome =
  /** It answers with a status. */
  | 'answers'
  /** The connection is refused: nothing listens there. */
  | 'refused'
  /** There is no such unix socket. */
  | 'no_socket'
  /** The control plane may not use the unix socket; Envoy may. */
  | 'denied'
  /** Neither accepted nor refused. */
  | 'no_connection'
  /** Accepted, but there is no answer, or TLS does not end. */
  | 'no_answer'
  /** No way leads there. */
  | 'unreachable'
  | 'unresolved'
  /** What it answers is not HTTP, or it closes the connection: often another program, or https instead of http. */
  | 'not_http'
  /** It does not speak TLS, which its target says. */
  | 'not_tls'
  | 'certificate_expired'
  /** The certificate is not one that https targets must have. */
  | 'certificate_refused'

export interface Probe {
  readonly outcome: ProbeOutcome
  /** The status of its answer; null without one. */
  readonly status: number | null
  /** Whether its answer has the header by which JupyterHub knows its servers and itself, `X-JupyterHub-Version`. */
  readonly isOfHub: boolean
  /** How long it took, in milliseconds. */
  readonly ms: number
  /** What the system said, such as `ECONNREFUSED`; empty if the outcome says it all. */
  readonly detail: string
}

/** What a connection to an https target needs. */
export interface ProbeTls {
  /** Undefined if targets' certificates are not checked. */
  readonly authorities: Buffer | undefined
  /** What is shown to targets; undefined if they are shown nothing. */
  readonly certificate: { readonly chain: Buffer; readonly key: Buffer } | undefined
}

export interface ProbeRequest {
  readonly target: Target
  /** The address of the target's host name that Envoy tries first; undefined if the target has none. */
  readonly address: string | undefined
  /** The path to ask for, escaped. */
  readonly path: string
  readonly tls: ProbeTls
}

export interface ProbeLimits {
  /** How long the connection may take, and then the answer, in milliseconds. */
  readonly connectMs: number
  readonly answerMs: number
}

/** An answer begins with so many bytes or more. */
const STATUS = /^HTTP\/1\.[01] (\d{3})/
const ENOUGH = 'HTTP/1.1 200'.length

/** No more of an answer's headers is looked at; of its body nothing is. */
const MAX_HEAD = 8_192
const OF_HUB = /^x-jupyterhub-version:/im

/**
 * Connects to a target and sends one GET without a cookie or a token. It ends within the limits, whatever the target does,
 * and reads no more than the beginning of an answer. What it finds holds for the control plane's place in the network.
 */
export async function probe(request: ProbeRequest, limits: ProbeLimits): Promise<Probe> {
  const begun = performance.now()
  const found = await exchange(request, limits)
  return { status: null, detail: '', isOfHub: false, ...found, ms: Math.round(performance.now() - begun) }
}

type Found = Pick<Probe, 'outcome'> & Partial<Pick<Probe, 'status' | 'detail' | 'isOfHub'>>

function exchange(request: ProbeRequest, { connectMs, answerMs }: ProbeLimits): Promise<Found> {
  return new Promise((resolve) => {
    const { target } = request
    let isConnected = false
    const socket = open(request)
    const end = (found: Found) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(found)
    }
    let begin = ''
    const late = () => end(answered(begin) ?? { outcome: isConnected ? 'no_answer' : 'no_connection' })
    let timer = setTimeout(late, connectMs)
    const accepted = () => {
      isConnected = true
      clearTimeout(timer)
      timer = setTimeout(late, answerMs)
    }
    // The handshake counts as a part of the answer: the port is open.
    socket.once('connect', accepted)
    socket.once(target.tls ? 'secureConnect' : 'connect', () => socket.write(head(request)))
    readHead(socket, (text) => (begin = text), end)
    socket.on('error', (error: NodeJS.ErrnoException) => end(failure(error, target.tls, isConnected)))
  })
}

function open({ target, address, tls }: ProbeRequest): Socket {
  const to =
    'socketPath' in target.address
      ? { path: target.address.socketPath }
      : { host: address ?? target.address.host, port: target.address.port }
  if (!target.tls) return connect(to)
  const name = hostNameOf(target)
  return connectTls({
    ...to,
    ...(name === undefined ? {} : { servername: name }),
    rejectUnauthorized: tls.authorities !== undefined,
    ALPNProtocols: ['http/1.1'],
    ...(tls.authorities && { ca: tls.authorities }),
    ...(tls.certificate && { cert: tls.certificate.chain, key: tls.certificate.key }),
  })
}

/** @param onBegin told of all that has come */
function readHead(socket: Socket, onBegin: (begin: string) => void, end: (found: Found) => void): void {
  let begin = ''
  socket.on('data', (bytes) => {
    begin += bytes.subarray(0, MAX_HEAD).toString('latin1')
    onBegin(begin)
    if (begin.length >= ENOUGH && !STATUS.test(begin)) end({ outcome: 'not_http' })
    else if (begin.includes('\r\n\r\n') || begin.length >= MAX_HEAD) end(answered(begin) ?? { outcome: 'not_http' })
  })
  socket.on('end', () => end(answered(begin) ?? { outcome: 'not_http', detail: 'it closes the connection' }))
}

/** Undefined if there is no status yet. */
function answered(begin: string): Found | undefined {
  const [, status] = STATUS.exec(begin) ?? []
  if (status === undefined) return undefined
  const [head = ''] = begin.split('\r\n\r\n', 1)
  return { outcome: 'answers', status: Number(status), isOfHub: OF_HUB.test(head) }
}

function head({ target: { address }, path }: ProbeRequest): string {
  const host = 'socketPath' in address ? 'localhost' : address.host.includes(':') ? `[${address.host}]` : address.host
  const port = 'port' in address ? `:${address.port}` : ''
  const headers = [`Host: ${host}${port}`, 'User-Agent: configurable-envoy-proxy-explain', 'Accept: */*']
  return [`GET ${path} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n')
}

const OUTCOMES: Readonly<Record<string, ProbeOutcome>> = {
  ECONNREFUSED: 'refused',
  ENOENT: 'no_socket',
  EACCES: 'denied',
  EPERM: 'denied',
  ETIMEDOUT: 'no_connection',
  CERT_HAS_EXPIRED: 'certificate_expired',
}

function failure({ code = '', message }: NodeJS.ErrnoException, isTls: boolean, isConnected: boolean): Found {
  const known = OUTCOMES[code]
  if (known !== undefined) return { outcome: known, detail: code }
  if (!isConnected) return { outcome: 'unreachable', detail: code || message }
  if (!isTls) return { outcome: 'not_http', detail: code }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return { outcome: 'not_tls', detail: code }
  }
  const isHandshake = code.startsWith('ERR_SSL') || code === 'ECONNRESET' || code === 'EPROTO'
  return { outcome: isHandshake ? 'not_http' : 'certificate_refused', detail: code }
}
