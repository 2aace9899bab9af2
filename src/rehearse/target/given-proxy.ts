import { FatalError } from '../../platform/fatal-error.js'
import { withoutTrailingSlashes } from '../../platform/text.js'
import { ProcessFinder } from '../processes/finder.js'
import type { ProxyDescription } from '../record.js'
import type { ProxyHandle, ProxyProcess } from '../world.js'
import { kindOf } from './command.js'

/** A proxy that runs already, here or elsewhere. */
export class GivenProxy implements ProxyHandle {
  readonly isOwn = false
  readonly mark = undefined
  readonly certificate = undefined
  readonly publicUrl: string
  readonly apiUrl: string | undefined
  readonly token: string | undefined
  readonly #finder: ProcessFinder

  /** @param apiUrl undefined if only a hub speaks with its API */
  constructor(publicUrl: string, apiUrl: string | undefined, token: string | undefined) {
    this.publicUrl = withoutTrailingSlashes(publicUrl)
    this.apiUrl = apiUrl === undefined ? undefined : withoutTrailingSlashes(apiUrl)
    this.token = token
    const urls = [publicUrl, ...(apiUrl === undefined ? [] : [apiUrl])]
    this.#finder = new ProcessFinder({ ports: urls.filter(isHere).map(portOf) })
  }

  /** By its processes, as far as these can be seen. */
  get kind(): ProxyHandle['kind'] {
    const kinds = this.#finder.find().map(({ command }) => kindOf(command.split(' ')))
    return kinds.find((kind) => kind !== 'other') ?? 'other'
  }

  async describe(): Promise<ProxyDescription> {
    const { kind, publicUrl, apiUrl } = this
    const names = { this: 'configurable-envoy-proxy', chp: 'configurable-http-proxy', other: publicUrl }
    return { kind, name: names[kind], version: undefined, publicUrl, apiUrl, command: undefined }
  }

  async processes(): Promise<readonly ProxyProcess[]> {
    return this.#finder.find()
  }

  async kill(): Promise<never> {
    throw new FatalError('This proxy was not started by the rehearsal, which therefore kills none of its processes.')
  }

  async start(): Promise<never> {
    throw new FatalError('This proxy was not started by the rehearsal, which therefore can not start it again.')
  }

  async loseDisk(): Promise<never> {
    throw new FatalError('This proxy was not started by the rehearsal, which therefore removes none of its files.')
  }

  async close(): Promise<void> {}
}

function isHere(url: string): boolean {
  return /^(127\.|localhost$|\[::1\])/.test(new URL(url).hostname)
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url)
  return Number(port) || (protocol === 'https:' ? 443 : 80)
}
