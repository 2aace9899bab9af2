import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FatalError } from '../platform/fatal-error.js'
import type { Target } from '../routing/target.js'
import { parseTarget } from '../routing/target.js'
import type { OptionSpec, OptionValues } from './option.js'

/** Where error pages come from. */
export const ERROR_PAGE_OPTIONS = [
  { flags: '--error-target <host>', description: 'Server of error pages (proto://host[:port]/path)' },
  { flags: '--error-path <path>', description: 'Directory of error pages, CODE.html or error.html' },
] as const satisfies readonly OptionSpec[]

export type ErrorPageOptions = OptionValues<typeof ERROR_PAGE_OPTIONS>

/** The largest error page, in bytes. */
export const ERROR_PAGE_LIMIT = 1024 * 1024

/** A request for an error page. Its path is beforeStatus, the status, beforePath, the escaped path and afterPath. */
export interface ErrorPageRequest {
  /** The Host header. */
  readonly authority: string
  readonly beforeStatus: string
  readonly beforePath: string
  readonly afterPath: string
}

/** The operator's own pages, as they are sent. */
export interface OwnPages {
  readonly byStatus: ReadonlyMap<number, Buffer>
  /** For every status that has no page. */
  readonly other?: Buffer
}

/** Where error pages come from: one of the two, or neither for the built-in pages. */
export interface ErrorPageSettings {
  readonly target?: { readonly url: string; readonly target: Target; readonly request: ErrorPageRequest }
  readonly pages?: OwnPages
}

/** @throws FatalError if both are given, or one can't be used */
export async function readErrorPages(values: ErrorPageOptions): Promise<ErrorPageSettings> {
  const { errorTarget, errorPath } = values
  if (errorTarget !== undefined && errorPath !== undefined) {
    throw new FatalError('--error-target and --error-path exclude each other. Pick one.')
  }
  if (errorTarget !== undefined) return { target: readErrorTarget(errorTarget) }
  if (errorPath !== undefined) return { pages: await readPages(errorPath) }
  return {}
}

function readErrorTarget(text: string): NonNullable<ErrorPageSettings['target']> {
  try {
    return { url: text, target: parseTarget(text), request: errorPageRequest(text) }
  } catch (error) {
    throw new FatalError(`--error-target: ${(error as Error).message}`)
  }
}

/** A placeholder for the path, in characters that a URL does not escape. */
const PATH = '__path__'

/**
 * The request for `URL/STATUS?url=PATH`, composed as in CHP: a URL without a slash at its end gets one, and its own
 * query is kept.
 */
export function errorPageRequest(errorTarget: string): ErrorPageRequest {
  const url = new URL(errorTarget.endsWith('/') ? errorTarget : `${errorTarget}/`)
  url.searchParams.set('url', PATH)
  const [beforePath = '', afterPath = ''] = url.search.split(PATH)
  const isUnix = url.protocol.includes('+')
  return { authority: isUnix ? 'localhost' : url.host, beforeStatus: url.pathname, beforePath, afterPath }
}

async function readPages(directory: string): Promise<OwnPages> {
  const names = await readdir(directory).catch((error: Error) => {
    throw new FatalError(`The directory of --error-path can't be read: ${error.message}`)
  })
  const byStatus = new Map<number, Buffer>()
  for (const name of names.sort()) {
    const status = /^([45]\d\d)\.html$/.exec(name)?.[1]
    if (status !== undefined) byStatus.set(Number(status), await readPage(join(directory, name)))
  }
  if (!names.includes('error.html')) return { byStatus }
  return { byStatus, other: await readPage(join(directory, 'error.html')) }
}

async function readPage(path: string): Promise<Buffer> {
  const page = await readFile(path).catch((error: Error) => {
    throw new FatalError(`An error page of --error-path can't be read: ${error.message}`)
  })
  if (page.length === 0 || page.length > ERROR_PAGE_LIMIT) {
    throw new FatalError(`The error page ${path} must have 1 to ${ERROR_PAGE_LIMIT} bytes, but it has ${page.length}.`)
  }
  return page
}
