import type { Origin } from '../wire/socket.js'

const KEY = 'cmVoZWFyc2FsLXdlYnNvYw=='

const CLIENT = 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const KINDS = 'Accept: */*\r\nAccept-Language: en-US,en;q=0.5'

/** The headers of all requests of a browser. @param own those by which its user is known, each with its line end */
export function browserHeaders(origin: Origin, own: string): string {
  return `Host: ${origin.host}\r\n${CLIENT}\r\n${KINDS}\r\n${own}`
}

/** @param bodyBytes undefined without a body */
export function requestText(method: string, path: string, headers: string, bodyBytes: number | undefined): string {
  const length = bodyBytes === undefined && method === 'GET' ? '' : `Content-Length: ${bodyBytes ?? 0}\r\n`
  return `${method} ${path} HTTP/1.1\r\n${headers}${length}\r\n`
}

/** Asks for a websocket. */
export function upgradeText(path: string, headers: string, origin: Origin): string {
  const lines = [
    ...['Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Key: ${KEY}`, 'Sec-WebSocket-Version: 13'],
    `Origin: ${origin.isTls ? 'https' : 'http'}://${origin.host}`,
  ]
  return `GET ${path} HTTP/1.1\r\n${headers}${lines.join('\r\n')}\r\n\r\n`
}
