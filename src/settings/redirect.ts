import { FatalError } from '../platform/fatal-error.js'
import { listenIp } from './listen.js'

/** The options of the server that sends users from HTTP to HTTPS. */
export interface RedirectOptions {
  readonly port: number
  readonly socket?: string
  readonly sslCert?: string
  readonly redirectPort?: number
  readonly redirectTo?: number
}

export interface RedirectSettings {
  /** All addresses, whatever --ip says, as in CHP. */
  readonly at: { readonly host: string; readonly port: number }
  /** The port that browsers are sent to. */
  readonly toPort: number
}

/** @throws FatalError if there is nothing to redirect to */
export async function readRedirectSettings(options: RedirectOptions): Promise<RedirectSettings | undefined> {
  const { redirectPort, redirectTo, port, socket } = options
  if (redirectPort === undefined) return undefined
  if (options.sslCert === undefined) {
    throw new FatalError(
      '--redirect-port needs --ssl-key and --ssl-cert: without them there is no HTTPS to redirect to.',
    )
  }
  if (socket !== undefined && redirectTo === undefined) {
    throw new FatalError('--redirect-port needs --redirect-to beside --socket, which has no port to redirect to.')
  }
  if (socket === undefined && redirectPort === port) {
    throw new FatalError(`--redirect-port and --port are both ${port}. Choose another for one of them.`)
  }
  return { at: { host: await listenIp(undefined), port: redirectPort }, toPort: redirectTo ?? port }
}
