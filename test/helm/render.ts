import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseAllDocuments, stringify } from 'yaml'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import type { HelmTools } from './tools.js'

export const CHART = join(PACKAGE_ROOT, 'helm/configurable-envoy-proxy')
export const RELEASE = 'rel'
export const NAMESPACE = 'jhub'
/** What the chart's objects are called in that release. */
export const FULL_NAME = 'rel-configurable-envoy-proxy'

/** A manifest; of a Deployment's or a DaemonSet's pods, what there is to run. */
export interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
  // biome-ignore lint/suspicious/noExplicitAny: manifests are of many shapes, and the API server's types are Go's.
  readonly spec?: any
}

export interface Container {
  readonly name: string
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env?: readonly EnvironmentVariable[]
  readonly ports?: ReadonlyArray<{ readonly name: string; readonly containerPort: number }>
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } }
  readonly volumeMounts: ReadonlyArray<{
    readonly name: string
    readonly mountPath: string
    readonly readOnly?: boolean
  }>
  readonly securityContext: { readonly readOnlyRootFilesystem: boolean }
}

export interface EnvironmentVariable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string }
    readonly fieldRef?: { readonly fieldPath: string }
  }
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string; readonly scheme?: 'HTTP' | 'HTTPS' }
  readonly periodSeconds?: number
  readonly failureThreshold?: number
}

export interface Pod {
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: boolean
  readonly initContainers?: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes: ReadonlyArray<{
    readonly name: string
    readonly secret?: { readonly secretName: string }
    readonly emptyDir?: object
    readonly persistentVolumeClaim?: { readonly claimName: string }
    readonly projected?: object
  }>
  readonly securityContext: { readonly runAsUser: number }
  readonly terminationGracePeriodSeconds?: number
}

/** What a chart makes of values, as `helm template` prints it. */
export class Rendering {
  readonly manifests: readonly Manifest[]

  constructor(readonly yaml: string) {
    // Two entries of one name would leave it to the parser which of them counts.
    this.manifests = parseAllDocuments(yaml, { uniqueKeys: true }).flatMap((document) => {
      if (document.errors.length > 0) throw document.errors[0]
      const manifest = document.toJS() as Manifest | null
      return manifest === null ? [] : [manifest]
    })
  }

  all(kind: string): readonly Manifest[] {
    return this.manifests.filter((manifest) => manifest.kind === kind)
  }

  /** @throws Error if there is none, or with several */
  get(kind: string, name: string): Manifest {
    const [found, ...more] = this.all(kind).filter(({ metadata }) => metadata.name === name)
    if (found === undefined || more.length > 0) throw new Error(`${more.length + (found ? 1 : 0)} of ${kind} ${name}`)
    return found
  }

  /** The pod of a Deployment or DaemonSet. */
  pod(kind: string, name: string): Pod {
    return this.get(kind, name).spec.template.spec as Pod
  }
}

/** @throws Error as {@link container} of a name that isn't there */
export function container({ containers, initContainers = [] }: Pod, name: string): Container {
  const found = [...containers, ...initContainers].find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no container ${name}`)
  return found
}

/** What a program printed, and what it exited with. */
export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `helm template` with values, given as an object or as the file of an object. */
export async function helmTemplate(
  { helm }: HelmTools,
  values: object,
  { chart = CHART, files = [] }: { chart?: string; files?: readonly string[] } = {},
): Promise<Outcome> {
  const args = ['template', RELEASE, chart, '--namespace', NAMESPACE]
  for (const file of files) args.push('--values', file)
  return communicate(helm, [...args, '--values', '-'], stringify(values))
}

/** @throws Error with what Helm says, if it refuses */
export async function render(
  tools: HelmTools,
  values: object,
  options: { chart?: string; files?: readonly string[] } = {},
): Promise<Rendering> {
  const { status, stdout, stderr } = await helmTemplate(tools, values, options)
  if (status !== 0) throw new Error(stderr)
  return new Rendering(stdout)
}

/** What an API server, or the restricted Pod Security Standard, has against manifests, a line each. */
export async function objections({ validate }: HelmTools, yaml: string): Promise<readonly string[]> {
  const { status, stdout, stderr } = await communicate(validate, [], yaml)
  if (status !== 0 && status !== 1) throw new Error(stderr)
  return stdout.split('\n').filter((line) => line !== '')
}

/** Runs a program to its end. */
export async function communicate(command: string, args: readonly string[], input = ''): Promise<Outcome> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const outputs = Promise.all([text(child.stdout), text(child.stderr)])
  // It may refuse before it has read everything; its exit status says so.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [status] = (await once(child, 'close')) as [number | null]
  const [stdout, stderr] = await outputs
  return { status, stdout, stderr }
}
