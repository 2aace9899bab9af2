import type { ListenerName, Step } from './case.js'

/** A request with the usual Host header, unless a Host is among the headers, and the wait for its answer. */
export function ask(requestLine: string, ...headers: readonly string[]): Step[] {
  return [{ send: [head(requestLine, headers)] }, { answer: methodOf(requestLine) }]
}

/** The same with a body, whose length is said. */
export function askWith(requestLine: string, body: string, ...headers: readonly string[]): Step[] {
  return [
    { send: [head(requestLine, [...headers, 'Content-Length: {auto}']) + body] },
    { answer: methodOf(requestLine) },
  ]
}

/** Exactly these bytes, and the wait for an answer to each of the methods. */
export function raw(bytes: string, ...methods: readonly string[]): Step[] {
  return [{ send: [bytes] }, ...methods.map((method) => ({ answer: method }))]
}

/** A call of the REST API, with the token, on a connection of its own. */
export function api(requestLine: string, body?: string): Step[] {
  return [
    { connect: 'api' },
    ...(body === undefined
      ? ask(requestLine, 'Authorization: token {token}')
      : askWith(requestLine, body, 'Authorization: token {token}')),
  ]
}

/** A request to another listener. */
export function at(listener: ListenerName, requestLine: string, ...headers: readonly string[]): Step[] {
  return [{ connect: listener }, ...ask(requestLine, ...headers)]
}

export const UPGRADE = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
] as const

/** The start of a websocket. */
export function upgrade(path: string, ...headers: readonly string[]): Step[] {
  return ask(`GET ${path}`, ...UPGRADE, ...headers)
}

export const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'

function head(requestLine: string, headers: readonly string[]): string {
  const host = headers.some((line) => /^host:/i.test(line)) ? [] : ['Host: hub.example']
  return [`${requestLine} HTTP/1.1`, ...host, ...headers, '', ''].join('\r\n')
}

function methodOf(requestLine: string): string {
  return requestLine.split(' ', 1)[0] ?? ''
}
