import type { Pieces } from '../activity-pieces.js'
import type { ConfigMaps } from './config-maps.js'
import { labelsOf, selectorOf } from './objects.js'

/** The pieces of a store's activity as ConfigMaps. */
export class ActivityConfigMaps implements Pieces {
  readonly #configMaps: ConfigMaps
  readonly #store: string
  /** The version of each as it was listed. */
  #versions = new Map<string, string | undefined>()

  constructor(configMaps: ConfigMaps, store: string) {
    this.#configMaps = configMaps
    this.#store = store
  }

  async list(): Promise<readonly string[]> {
    const { items } = await this.#configMaps.list(selectorOf(this.#store, 'activity'))
    const texts = new Map(items.map(({ metadata, data }) => [metadata.name, data?.times ?? '']))
    this.#versions = new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]))
    return Array.from(texts, (_, index) => texts.get(this.#nameOf(index)) ?? '')
  }

  async put(index: number, times: string): Promise<void> {
    const name = this.#nameOf(index)
    const metadata = { name, labels: labelsOf(this.#store, 'activity') }
    await this.#configMaps.put({ metadata, data: { times } }, this.#versions.get(name))
  }

  async delete(index: number): Promise<void> {
    await this.#configMaps.delete(this.#nameOf(index))
  }

  #nameOf(index: number): string {
    return `${this.#store}-activity-${index}`
  }
}
