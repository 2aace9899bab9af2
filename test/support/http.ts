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
  return backendIn(await ask(port, path, options))
}

/** The same of an answer. */
export function backendIn({ status, body }: Answer): string | number {
  return status === 200 ? (JSON.parse(body) as Echo).name : status
}

/** Asks for each path once, some at a time, and returns the answers in the same order. */
export async function askAll(port: number, paths: readonly string[]): Promise<Answer[]> {
  const AT_A_TIME = 20
  const answers: Answer[] = []
  for (let from = 0; from < paths.length; from += AT_A_TIME) {
    answers.push(...(await Promise.all(paths.slice(from, from + AT_A_TIME).map((path) => ask(port, path)))))
  }
  return answers
}
