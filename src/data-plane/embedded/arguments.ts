import { basename, dirname } from 'node:path'
import { NODE_CLUSTER } from '../../resources/bootstrap/bootstrap.js'
import { ENVOY_LOG_FORMAT } from './log-lines.js'
import type { RuntimeDir } from './runtime-dir.js'

export interface EnvoyArgumentsInput {
  readonly dir: RuntimeDir
  readonly bootstrapFile: string
  readonly workers: number
  /** Whether Envoy's own account of its start is wanted in the log. */
  readonly verbose: boolean
  /** By which a later Envoy may take this one's place without an interruption; undefined where none can. */
  readonly baseId: number | undefined
}

/**
 * For how long the connections of a listener live on that was replaced, in seconds: each is closed after a response in
 * that time, and websockets at its end. JupyterLab connects its websockets again by itself.
 */
const DRAIN_SECONDS = 600

const FLUSH_MS = 500

/**
 * What Envoy is started with. Equal arguments mean equal settings: whatever can't be changed over xDS is in them.
 *
 * @param epoch how many Envoys have taken each other's place before this one
 */
export function envoyArguments(input: EnvoyArgumentsInput, epoch: number): string[] {
  const { dir, workers, verbose } = input
  return [
    ...[CONFIG_FLAG, input.bootstrapFile, '--concurrency', String(workers)],
    ...['--service-node', `embedded-${epoch}`, '--service-cluster', NODE_CLUSTER],
    // Never Envoy's own debug level: it prints request headers, and with them users' cookies and tokens. Of some of its
    // components errors only. What main says below that is advice about settings, and a list of all extensions. While
    // there is no control plane, config would say so eight times a second, and what it refuses is told from here. By
    // filter a stranger could fill the log, with a line for each malformed connection, and by admin a user whose socket
    // is a link to it.
    ...[
      '--log-level',
      verbose ? 'info' : 'warning',
      '--component-log-level',
      'main:error,config:error,filter:error,admin:error',
    ],
    ...['--log-format', ENVOY_LOG_FORMAT, '--log-format-escaped'],
    // How long a line about a failed request may wait for others before it is written.
    ...['--file-flush-interval-msec', String(FLUSH_MS)],
    // Unknown fields in what we send would be settings that silently do nothing.
    '--reject-unknown-dynamic-fields',
    ...['--drain-time-s', String(DRAIN_SECONDS), '--parent-shutdown-time-s', String(DRAIN_SECONDS)],
    ...(input.baseId === undefined ? [DISABLE_HOT_RESTART] : hotRestartArguments(dir, input.baseId, epoch)),
  ]
}

const CONFIG_FLAG = '--config-path'
const DISABLE_HOT_RESTART = '--disable-hot-restart'
const BASE_ID_FLAG = '--base-id'
const EPOCH_FLAG = '--restart-epoch'

function hotRestartArguments(dir: RuntimeDir, baseId: number, epoch: number): string[] {
  return [
    // Sockets in the private directory; by default any user of the machine could connect.
    ...[BASE_ID_FLAG, String(baseId), '--socket-path', dir.hotRestartSocket, '--socket-mode', '600'],
    // Without its predecessor, which may just have died, the new one is an ordinary first one.
    ...[EPOCH_FLAG, String(epoch), '--skip-hot-restart-on-no-parent', '--skip-hot-restart-parent-stats'],
  ]
}

/** Undefined for an Envoy that can't be replaced without an interruption. */
export function epochOf(args: readonly string[]): number | undefined {
  return numberAfter(EPOCH_FLAG, args)
}

/** What the memory is named by that an Envoy shares with its successor. */
export function baseIdOf(args: readonly string[]): number | undefined {
  return numberAfter(BASE_ID_FLAG, args)
}

function numberAfter(flag: string, args: readonly string[]): number | undefined {
  const at = args.indexOf(flag)
  return at < 0 ? undefined : Number(args[at + 1])
}

/** Whether these are the arguments of an Envoy that was started from the runtime directory. */
export function isEnvoyOf(dir: RuntimeDir, args: readonly string[]): boolean {
  const [config = ''] = ownArguments(args).slice(1)
  return dirname(config) === dir.path && basename(config).startsWith('bootstrap-') && !args.includes(LAUNCHER_NAME)
}

/** What {@link envoyArguments} gave, without the program, which may be a script with arguments of its own. */
export function ownArguments(args: readonly string[]): readonly string[] {
  const at = args.indexOf(CONFIG_FLAG)
  return at < 0 ? [] : args.slice(at)
}

/** How the shell that starts Envoy is called. It has Envoy's arguments among its own. */
export const LAUNCHER_NAME = 'configurable-envoy-proxy-launcher'
