import type { RequestOptions } from 'node:http'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Echo } from './backend.js'

export interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

/** One request on a connection of its own, with the path sent exactly as given. */
export function ask(port: number, path: string, options: RequestOptions = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      text(response).then(
        (content) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: content }),
        reject,
      )
    })
    call.on('error', reject)
    call.end(body)
  })
}

/** The name of the backend that a path leads to, or the status if none answered. */
export async function backendOf(port: number, path: string, options: RequestOptions = {}): Promise<string | number> {
  const { status, body } = await ask(port, path, options)
  return status === 200 ? (JSON.parse(body) as Echo).name : status
}
