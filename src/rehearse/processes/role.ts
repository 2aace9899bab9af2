import { basename } from 'node:path'
import type { ProcessRole } from '../record.js'

/**
 * What a process does in its proxy, by the arguments with which it was started.
 *
 * @param args the program first
 */
export function roleOf(args: readonly string[]): ProcessRole {
  const [program = '', ...rest] = args
  if (basename(program).startsWith('envoy')) return 'envoy'
  const script = basename(rest.find((arg) => !arg.startsWith('-')) ?? '')
  if (script === 'configurable-http-proxy') return 'proxy'
  const isNode = basename(program).startsWith('node')
  if (isNode && (script === 'configurable-envoy-proxy' || script === 'main.js')) return 'control-plane'
  return 'helper'
}
