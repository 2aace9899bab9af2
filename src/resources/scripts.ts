import { readFile } from 'node:fs/promises'
import { PACKAGE_ROOT } from '../platform/package.js'

/** The texts of the Lua scripts in envoy/. */
export interface Scripts {
  /** Chooses a request's cluster. */
  readonly lookup: string
  /** Converts a request's path into the form that the backend gets. */
  readonly path: string
  /** Shares out the memory of unfinished requests; put before the two that follow. */
  readonly places: string
  /** Takes a place for a request while it waits for its body. */
  readonly requestWait: string
  /** Takes a place for an upload, and reports when the upload is complete. */
  readonly requestEnd: string
  /** Ends a refusal of a websocket that would never end. */
  readonly refusal: string
  /** Rewrites the Location of redirects. */
  readonly location: string
  /** Replaces a built-in error page by the error target's. */
  readonly errorPage: string
  /** Marks a request whose first attempt opens a connection. */
  readonly newConnection: string
  /** Decides whether a request is sent again. */
  readonly repeat: string
}

export async function readScripts(): Promise<Scripts> {
  const read = (file: string) => readFile(`${PACKAGE_ROOT}envoy/${file}`, 'utf8')
  return {
    lookup: await read('lookup.lua'),
    path: await read('path.lua'),
    places: await read('places.lua'),
    requestWait: await read('request-wait.lua'),
    requestEnd: await read('request-end.lua'),
    refusal: await read('refusal.lua'),
    location: await read('location.lua'),
    errorPage: await read('error-page.lua'),
    newConnection: await read('new-connection.lua'),
    repeat: await read('repeat.lua'),
  }
}
