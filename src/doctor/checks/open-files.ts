import { readLimits } from '../../settings/limits.js'
import { resourcesOf } from '../facts/machine.js'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok, usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'

export interface OpenFileFacts {
  /** Undefined if --max-connections is not given. */
  readonly wanted: number | undefined
  /** How many connections the proxy would accept. */
  readonly accepted: number
  readonly files: number
}

/** Each connection needs two files, Envoy itself 200: this is for the default of 10,000 connections. */
const NEEDED_BY_DEFAULT = 20_200

/** Fewer than half of the default would surprise. */
const FEW = 5_000

export const OPEN_FILES: Check<Subject, OpenFileFacts> = {
  code: 'CEP0301',
  question: 'May enough files be open for --max-connections?',
  fatal: false,
  remedy: `Raise the hard limit to ${NEEDED_BY_DEFAULT} or more: \`LimitNOFILE=65536\` for systemd, \`--ulimit nofile=65536\` for Docker, \`ulimit -Hn 65536\` as root in a shell`,
  async gather(subject) {
    if (usable(subject.sections.external) !== undefined) throw new Inapplicable('it matters where Envoys are started')
    const { machine } = resourcesOf(subject)
    const { maxConnections: accepted } = readLimits(subject.values, machine)
    return { wanted: subject.values.maxConnections, accepted, files: machine.maxOpenFiles }
  },
  judge({ wanted, accepted, files }) {
    const needed = 2 * accepted + 200
    if (wanted !== undefined && needed > files) {
      return failed(`--max-connections ${wanted} may need ${needed} open files, and ${files} are allowed`)
    }
    if (wanted === undefined && accepted < FEW) {
      return failed(`only ${files} are allowed, so that at most ${accepted} clients can be connected, not 10000`)
    }
    return ok(`${files} are allowed, enough for ${accepted} connections`)
  },
}
