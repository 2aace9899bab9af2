import type { Act } from '../record.js'
import type { Outcome } from '../wire/connection.js'
import type { Language } from './websocket.js'

export interface AskOptions {
  readonly keepsBody?: boolean
  readonly body?: Buffer
  /** When the user wanted it, by `performance.now()`; default: now. */
  readonly wantedAt?: number
  /** Statuses that are as good as 2xx and 3xx here. */
  readonly alsoGood?: readonly number[]
}

/** What a user's browser asked for became of. */
export interface Answer extends Outcome {
  /** Whether the user got what was wanted. */
  readonly isGood: boolean
}

/** Sends a request of a user, counts what becomes of it, and resolves in any case. */
export type Ask = (act: Act, method: string, path: string, options?: AskOptions) => Promise<Answer>

/** The hub and the servers, from the side of the users: where they go. Users are named by their index. */
export interface Site {
  readonly language: Language
  name(user: number): string
  /** The headers by which a user is known, each with its line end. */
  headers(user: number): string
  /** Logs in, and spawns unless the server runs. @returns whether it runs */
  enter(user: number, ask: Ask): Promise<boolean>
  /**
   * Opens JupyterLab as a browser does, with all that it fetches.
   *
   * @param isCached whether the browser has most of the static files
   * @returns the path of the kernel's websocket; undefined if the page could not be opened, or lacks a part
   */
  open(user: number, ask: Ask, isCached: boolean): Promise<string | undefined>
  /** What is asked for again and again while a notebook is open. */
  polls(user: number): readonly string[]
  /** Where the user's file of this kind is written or read. */
  file(user: number, kind: 'notebook' | 'upload' | 'download'): string
  /** What is written there. */
  content(kind: 'notebook' | 'upload'): Buffer
  stopServer(user: number, ask: Ask): Promise<void>
  /** Whether another user's server has answered this request. */
  isMisled(user: number, path: string, outcome: Outcome): boolean
}
