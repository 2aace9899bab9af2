import { createServer } from 'node:net'
import { FatalError } from '../../platform/fatal-error.js'
import { PACKAGE_ROOT } from '../../platform/package.js'
import type { ProxyDescription } from '../record.js'

/** The name by which this program itself is meant, wherever it is installed. */
const OWN_NAME = 'configurable-envoy-proxy'

/** What a proxy is started with. */
export interface ProxyCommand {
  readonly kind: ProxyDescription['kind']
  /** Program and arguments. */
  readonly words: readonly string[]
  /** Where users reach it, from this machine. */
  readonly host: string
  readonly port: number
  readonly apiPort: number
}

export interface Extras {
  /** Where everything goes that has no route. */
  readonly defaultTarget: string
  readonly certificate: { readonly keyFile: string; readonly certFile: string } | undefined
}

/**
 * Completes the command of a proxy with the options of CHP that a rehearsal needs: addresses, ports, the hub, and the
 * certificate. Those that it has are kept.
 *
 * @param text as in a shell, without variables; undefined: this program
 * @throws FatalError if it can't be read
 */
export async function proxyCommand(text: string | undefined, extras: Extras): Promise<ProxyCommand> {
  const given = words(text ?? OWN_NAME)
  const kind = kindOf(given)
  const program = given[0] === OWN_NAME ? [process.execPath, ...ownProgram(), ...given.slice(1)] : given
  const [port, apiPort] = await freePorts()
  const { certificate } = extras
  const complete = [
    ...program,
    ...lacking(given, '--ip', '127.0.0.1'),
    ...lacking(given, '--port', String(port)),
    ...lacking(given, '--api-ip', '127.0.0.1'),
    ...lacking(given, '--api-port', String(apiPort)),
    ...lacking(given, '--default-target', extras.defaultTarget),
    ...(certificate === undefined ? [] : ['--ssl-key', certificate.keyFile, '--ssl-cert', certificate.certFile]),
  ]
  const ip = optionOf(complete, '--ip')
  const host = ip === undefined || ['', '0.0.0.0', '::', '*'].includes(ip) ? '127.0.0.1' : ip
  return { kind, words: complete, host, port: portOf(complete, '--port'), apiPort: portOf(complete, '--api-port') }
}

/** The words of a command line. Quotes keep words together, and a backslash takes the next character as it is. */
export function words(text: string): string[] {
  const found = text.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g)
  if (found === null) throw new FatalError('--proxy-command is empty: give the command that starts the proxy.')
  return found.map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g, (_all, double?: string, single?: string, one?: string) =>
      double === undefined ? (single ?? one ?? '') : double.replace(/\\(["\\])/g, '$1'),
    ),
  )
}

export function kindOf(command: readonly string[]): ProxyDescription['kind'] {
  if (command.some((word) => word.includes('configurable-http-proxy'))) return 'chp'
  const isThis = command.some((word) => word === OWN_NAME || word.endsWith('/build/src/cli/main.js'))
  return isThis ? 'this' : 'other'
}

function ownProgram(): string[] {
  return [`${PACKAGE_ROOT}build/src/cli/main.js`]
}

function lacking(given: readonly string[], option: string, value: string): string[] {
  return optionOf(given, option) === undefined ? [option, value] : []
}

/** Of `--option value` or `--option=value`; the last one counts. */
function optionOf(command: readonly string[], option: string): string | undefined {
  const at = command.findLastIndex((word) => word === option || word.startsWith(`${option}=`))
  if (at < 0) return undefined
  return command[at] === option ? (command[at + 1] ?? '') : command[at]?.slice(option.length + 1)
}

function portOf(command: readonly string[], option: string): number {
  const port = Number(optionOf(command, option))
  if (!(port > 0)) throw new FatalError(`${option} of --proxy-command is no port.`)
  return port
}

/**
 * Two ports that nothing uses. They are below those that the system gives to connections: while the proxy is away, nobody
 * must get its port by chance.
 */
async function freePorts(): Promise<[number, number]> {
  const [lowest, count] = [10_000, 20_000]
  const found: number[] = []
  for (let attempt = 0; found.length < 2 && attempt < 1_000; attempt += 1) {
    const port = lowest + Math.floor(Math.random() * count)
    if (!found.includes(port) && (await isFree(port))) found.push(port)
  }
  const [port, apiPort] = found
  if (port === undefined || apiPort === undefined) throw new FatalError('No port from 10000 to 30000 is free.')
  return [port, apiPort]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
