import { describe, otherProxies } from '../data-plane/embedded/others.js'
import { FatalError } from '../platform/fatal-error.js'
import type { AnyCheck, Result } from './model/check.js'
import type { Subject } from './model/subject.js'

/** Makes the checks, all at once; the results have the checks' order. */
export function examine<S>(subject: S, checks: ReadonlyArray<AnyCheck<S>>): Promise<Result[]> {
  return Promise.all(checks.map((check) => check.make(subject)))
}

/** @throws FatalError if a code is unknown */
export function chosen<S>(checks: ReadonlyArray<AnyCheck<S>>, only: readonly string[]): ReadonlyArray<AnyCheck<S>> {
  if (only.length === 0) return checks
  const unknown = only.find((code) => !checks.some((check) => check.code === code))
  if (unknown !== undefined) {
    throw new FatalError(`--only ${unknown}: there is no such check. docs/doctor.md lists them all, such as CEP0201.`)
  }
  return checks.filter(({ code }) => only.includes(code))
}

/** What is examined, in words. */
export async function describeSubject({ running, dir }: Subject): Promise<string> {
  const { controlPlane, envoys } = running
  if (controlPlane !== undefined)
    return `The configurable-envoy-proxy that runs with these options: process ${controlPlane}`
  if (envoys.length > 0) {
    return `A start with these options, which would adopt Envoy ${envoys.at(-1)}: its control plane has died`
  }
  const others = dir === undefined ? [] : await otherProxies(dir)
  const beside = others.map((other) => `\n(This user also runs ${describe(other)}: to examine it, give its options.)`)
  return `A start with these options${beside.join('')}`
}
