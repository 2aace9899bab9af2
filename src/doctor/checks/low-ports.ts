import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { portRemedy } from '../../data-plane/embedded/port-remedy.js'
import { findInstalledEnvoy } from '../../envoy/binary/find.js'
import { readRelease } from '../../envoy/binary/release.js'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok, undone, usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'

export interface LowPortFacts {
  /** Envoy's ports, those of other users' servers included. */
  readonly ports: readonly number[]
  /** The first port that needs no right (net.ipv4.ip_unprivileged_port_start). */
  readonly free: number
  /** Whether a program that this process starts inherits the right. */
  readonly inherits: boolean
  /** Whether Envoy's file has it; undefined if that can't be seen. */
  readonly fileHas: boolean | undefined
  readonly binary: string
}

/** CAP_NET_BIND_SERVICE in the kernel's sets of capabilities. */
const BIND = 1n << 10n

async function factsOf({ sections, env }: Subject): Promise<LowPortFacts> {
  if (usable(sections.external) !== undefined) throw new Inapplicable('Envoys are started by others')
  const at = usable(sections.public)
  const redirect = usable(sections.redirect)?.at
  const ports = [at, redirect].flatMap((one) => (one !== undefined && 'port' in one ? one.port : []))
  if (ports.every((port) => port >= 1024)) throw new Inapplicable('no port is below 1024')
  const free = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
  const { envoyPath: explicit } = usable(sections.embedded)
  const { arch } = process
  const envoy = await findInstalledEnvoy({ release: readRelease(), explicit, env, arch, progress: () => {} })
  const binary = envoy?.path ?? 'ENVOY'
  const status = readFileSync('/proc/self/status', 'utf8')
  return { ports, free, inherits: inheritsBind(status, process.getuid?.() === 0), fileHas: await has(binary), binary }
}

/** Root's programs get all that root has; others' get what is ambient. @param status /proc/PID/status */
export function inheritsBind(status: string, isRoot: boolean): boolean {
  const set = new RegExp(`^${isRoot ? 'CapEff' : 'CapAmb'}:\\s+([0-9a-f]+)`, 'm').exec(status)?.[1]
  return set !== undefined && (BigInt(`0x${set}`) & BIND) !== 0n
}

function has(file: string): Promise<boolean | undefined> {
  return promisify(execFile)('getcap', [file]).then(
    ({ stdout }) => /\bcap_net_bind_service\b[^ ]*e/.test(stdout),
    () => undefined,
  )
}

export const LOW_PORTS: Check<Subject, LowPortFacts> = {
  code: 'CEP0206',
  question: 'May Envoy listen on ports below 1024?',
  fatal: true,
  remedy: portRemedy('ENVOY'),
  gather: factsOf,
  judge({ ports, free, inherits, fileHas, binary }) {
    const low = ports.filter((port) => port < free)
    if (low.length === 0) return ok(`ports from ${free} on need no right here`)
    if (inherits || fileHas) return ok(`it has the right, for ${low.join(' and ')}`)
    if (fileHas === undefined) return undone(`whether ${binary} has it shows the command getcap, which is not here`)
    return failed(`${low.join(' and ')}: neither this process nor ${binary} has the right`, portRemedy(binary))
  },
}
