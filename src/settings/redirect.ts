import { FatalError } from '../platform/fatal-error.js'
import type { ListenOptions } from './listen.js'
import { listenIp } from './listen.js'
import type { OptionSpec, OptionValues } from './option.js'
import { PORT } from './option.js'
import type { PublicTlsOptions } from './public-tls.js'

/** The server that sends users from HTTP to HTTPS. */
export const REDIRECT_OPTIONS = [
  {
    flags: '--redirect-port <redirect-port>',
    description: 'Port whose HTTP requests are redirected to HTTPS',
    number: PORT,
  },
  {
    flags: '--redirect-to <port>',
    description: 'HTTPS port to redirect to',
    defaultDescription: 'the public port',
    number: PORT,
  },
] as const satisfies readonly OptionSpec[]

export type RedirectOptions = OptionValues<typeof REDIRECT_OPTIONS>

export interface RedirectSettings {
  /** On all addresses, whatever --ip says, as in CHP. */
  readonly at: { readonly host: string; readonly port: number }
  /** The port that browsers are sent to. */
  readonly toPort: number
}

/** @throws FatalError if there is nothing to redirect to */
export async function readRedirectSettings(
  options: RedirectOptions & Pick<ListenOptions, 'port' | 'socket'> & Pick<PublicTlsOptions, 'sslCert'>,
): Promise<RedirectSettings | undefined> {
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
