import { basename, dirname } from 'node:path'
import { NODE_CLUSTER } from '../../resources/bootstrap/bootstrap.js'
import { ENVOY_LOG_FORMAT } from './log-lines.js'
import type { RuntimeDir } from './runtime-dir.js'

export interface EnvoyArgumentsInput {
  readonly dir: RuntimeDir
  readonly bootstrapFile: string
  readonly workers: number
  /** Whether Envoy logs at info level, which includes what it does at its start. */
  readonly verbose: boolean
  /** Envoy's base id, which hot restart needs; undefined where hot restart is not possible. */
  readonly baseId: number | undefined
}

/**
 * How long the connections of a replaced listener may live on, in seconds. Within this time each is closed after a
 * response; at its end websockets are closed too. JupyterLab reconnects its websockets by itself.
 */
const DRAIN_SECONDS = 600

const FLUSH_MS = 500

/**
 * Envoy's command line. Equal arguments mean equal settings: they include everything that xDS can't change.
 *
 * @param epoch the restart epoch: how many hot restarts came before this Envoy
 */
export function envoyArguments(input: EnvoyArgumentsInput, epoch: number): string[] {
  const { dir, workers, verbose } = input
  return [
    ...[CONFIG_FLAG, input.bootstrapFile, '--concurrency', String(workers)],
    ...['--service-node', `embedded-${epoch}`, '--service-cluster', NODE_CLUSTER],
    // Never Envoy's own debug level: it prints request headers, including users' cookies and tokens. These components
    // log errors only. Below that, main gives advice about settings and lists all extensions; config reports a missing
    // control plane eight times a second, and rejections, which the control plane logs itself. With filter, a stranger
    // could fill the log, a line for each malformed connection; with admin, so could a user whose socket is a link to
    // it.
    ...[
      '--log-level',
      verbose ? 'info' : 'warning',
      '--component-log-level',
      'main:error,config:error,filter:error,admin:error',
    ],
    ...['--log-format', ENVOY_LOG_FORMAT, '--log-format-escaped'],
    // How long lines about failed requests may be buffered.
    ...['--file-flush-interval-msec', String(FLUSH_MS)],
    // An unknown field in a resource would be a setting that silently does nothing.
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
    // The sockets are in the private directory; by default any user of the machine could connect.
    ...[BASE_ID_FLAG, String(baseId), '--socket-path', dir.hotRestartSocket, '--socket-mode', '600'],
    // If its predecessor has just died, the new Envoy starts as an ordinary first one.
    ...[EPOCH_FLAG, String(epoch), '--skip-hot-restart-on-no-parent', '--skip-hot-restart-parent-stats'],
  ]
}

/** Undefined for an Envoy that can't be hot-restarted. */
export function epochOf(args: readonly string[]): number | undefined {
  return numberAfter(EPOCH_FLAG, args)
}

/** The base id, which names the memory that an Envoy shares with its successor. */
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

/** The part that {@link envoyArguments} made, without the program, which may be a script with arguments of its own. */
export function ownArguments(args: readonly string[]): readonly string[] {
  const at = args.indexOf(CONFIG_FLAG)
  return at < 0 ? [] : args.slice(at)
}

/** The process name of the shell that starts Envoy. Envoy's arguments are among its own. */
export const LAUNCHER_NAME = 'configurable-envoy-proxy-launcher'
