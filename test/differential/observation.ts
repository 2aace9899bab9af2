import type { Seen } from './backend.js'
import type { Header, Message } from './message.js'
import { valuesOf } from './message.js'

/** A message, with the names of what differs between the two processes by nature in its place. */
export interface Observed {
  readonly line: string
  readonly headers: readonly Header[]
  /** The headers that say how long the body is. */
  readonly framing: string
  readonly body: string
  readonly trailers: string
  readonly complete: boolean
}

/** What the client got at one step: an answer, or a fact of another kind. */
export type Heard =
  | { readonly step: number; readonly fact: string; readonly value: string }
  | { readonly step: number; readonly interim: string; readonly answer: Observed }

export interface SeenRequest extends Observed {
  readonly by: string
  readonly certificate: string
  readonly tunnelled: number
}

/** All that is compared of one case. */
export interface Observation {
  readonly heard: readonly Heard[]
  readonly seen: readonly SeenRequest[]
}

const FRAMING = ['content-length', 'transfer-encoding']

/** @param anonymous puts names in the place of what differs between the two processes by nature */
export function observed(message: Message, anonymous: (text: string) => string): Observed {
  const framing = FRAMING.flatMap((name) => valuesOf(message.headers, name).map((value) => `${name}: ${value}`))
  return {
    line: anonymous(message.line),
    headers: message.headers
      .filter(([name]) => !FRAMING.includes(name.toLowerCase()))
      .map(([name, value]) => [name, anonymous(value)] as const),
    framing: framing.join(', ') || 'none',
    body: anonymous(message.body.toString()),
    trailers: message.trailers.map(([name, value]) => `${name.toLowerCase()}: ${value}`).join(', '),
    complete: message.complete,
  }
}

export function observedRequest(request: Seen, anonymous: (text: string) => string): SeenRequest {
  return {
    ...observed(request, anonymous),
    by: request.by,
    certificate: request.certificate ?? 'none',
    tunnelled: request.tunnelled,
  }
}

/** The names and types of a page of metrics, in the place of their values. */
export function metricNames(page: string): string {
  const names = page.split('\n').filter((line) => line.startsWith('# TYPE '))
  return names.length === 0 ? page : names.sort().join('\n')
}
