import type { ChpBackend } from '../../src/store/chp/backend.js'

/** A storage class as one is written for CHP, which keeps what it is given as JSON, as a file or a database would. */
export class JsonBackend implements ChpBackend {
  readonly stored = new Map<string, string>()

  async getAll(): Promise<Record<string, object>> {
    return Object.fromEntries([...this.stored].map(([path, json]) => [path, JSON.parse(json) as object]))
  }

  async add(path: string, data: object): Promise<void> {
    this.stored.set(path, JSON.stringify(data))
  }

  async update(path: string, data: object): Promise<void> {
    const before = this.stored.get(path)
    if (before === undefined) throw new Error(`there is no ${path}`)
    this.stored.set(path, JSON.stringify({ ...(JSON.parse(before) as object), ...data }))
  }

  async remove(path: string): Promise<void> {
    this.stored.delete(path)
  }
}
