import type { StoredObject } from './release.js'
import { nameOf } from './release.js'

/** Of an object what the API server itself writes. */
const OWN = new Set(['metadata.resourceVersion', 'metadata.generation', 'metadata.managedFields', 'status'])

/** What differs between two moments: objects that came or went, and fields, one a line. */
export function changes(before: readonly StoredObject[], after: readonly StoredObject[]): readonly string[] {
  const [old, now] = [before, after].map((objects) => new Map(objects.map((object) => [nameOf(object), object])))
  return [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].flatMap((name) => {
    const [was, is] = [old?.get(name), now?.get(name)]
    if (was === undefined) return [`+ ${name}`]
    return is === undefined ? [`- ${name}`] : [...fields('', was, is)].map((field) => `${name}: ${field}`)
  })
}

function* fields(path: string, was: unknown, is: unknown): Generator<string> {
  if (OWN.has(path)) return
  if (isObject(was) && isObject(is)) {
    for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
      yield* fields(path === '' ? key : `${path}.${key}`, was[key], is[key])
    }
  } else if (JSON.stringify(was) !== JSON.stringify(is)) yield path
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
