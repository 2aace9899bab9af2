import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import type { EtcdConnection } from '../../src/store/etcd/endpoints.js'
import { temporaryDirectory } from './directory.js'
import { accepts, freePorts } from './ports.js'
import { eventually } from './wait.js'

type Tap = { teardown(fn: () => unknown): unknown }

export interface EtcdOptions {
  /** How many members it has. */
  readonly members?: number
  /** More arguments of each. */
  readonly args?: readonly string[]
  /** Whether it waits until the disk has what it answers for. Tests need not. */
  readonly isDurable?: boolean
  /** `https` needs the certificate among the arguments. {@link Etcd.call} is for http. */
  readonly scheme?: 'http' | 'https'
}

interface Ports {
  readonly client: number
  readonly peer: number
}

/** A real etcd. */
export class Etcd {
  readonly #options: EtcdOptions
  readonly #directory: string
  readonly #ports: readonly Ports[]
  readonly #processes: ChildProcess[]
  #token: string | undefined

  private constructor(options: EtcdOptions, directory: string, ports: readonly Ports[]) {
    this.#options = options
    this.#directory = directory
    this.#ports = ports
    this.#processes = ports.map((_, index) => this.#spawn(index))
  }

  /** Ready once all members know a leader. */
  static async start(t: Tap, options: EtcdOptions = {}): Promise<Etcd> {
    const count = options.members ?? 1
    const numbers = await freePorts(2 * count)
    const ports = Array.from({ length: count }, (_, index) => ({
      client: numbers[2 * index] ?? 0,
      peer: numbers[2 * index + 1] ?? 0,
    }))
    const etcd = new Etcd(options, await temporaryDirectory(t), ports)
    t.teardown(() => etcd.stop())
    await etcd.ready()
    return etcd
  }

  /** The URLs of the members' clients. */
  get endpoints(): readonly string[] {
    const { scheme = 'http' } = this.#options
    return this.#ports.map(({ client }) => `${scheme}://127.0.0.1:${client}`)
  }

  get connection(): EtcdConnection {
    return { endpoints: this.endpoints, tls: undefined, user: undefined }
  }

  async ready(): Promise<void> {
    const accepting = async () => (await Promise.all(this.#ports.map(({ client }) => accepts(client)))).every(Boolean)
    await eventually(accepting, 'etcd listens', 30_000)
    if (this.#options.scheme === 'https') return
    const get = () =>
      this.call('kv/range', { key: base64('/') }).then(
        () => true,
        // Its users' rights are known to it.
        ({ message }: Error) => /token|permission/.test(message),
      )
    await eventually(get, 'etcd has a leader', 30_000)
  }

  /** Calls its API as JSON, at its first member. Fails with what etcd says. */
  async call(path: string, body: object = {}): Promise<Record<string, unknown>> {
    const headers = this.#token === undefined ? {} : { authorization: this.#token }
    const url = `${this.endpoints[0]}/v3/${path}`
    const answer = await request(url, { method: 'POST', headers, body: JSON.stringify(body) })
    const text = await answer.body.text()
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${text}`)
    return JSON.parse(text) as Record<string, unknown>
  }

  /** Calls in the name of a user from now on. */
  async logIn(name: string, password: string): Promise<void> {
    this.#token = String((await this.call('auth/authenticate', { name, password })).token)
  }

  async put(key: string, value: string): Promise<void> {
    await this.call('kv/put', { key: base64(key), value: base64(value) })
  }

  /** Undefined if there is no such key. */
  async get(key: string): Promise<string | undefined> {
    const { kvs } = (await this.call('kv/range', { key: base64(key) })) as { kvs?: { value?: string }[] }
    return kvs?.map(({ value = '' }) => Buffer.from(value, 'base64').toString())[0]
  }

  async delete(key: string): Promise<void> {
    await this.call('kv/deleterange', { key: base64(key) })
  }

  /** The size of what it keeps, history included. */
  async bytesInUse(): Promise<number> {
    return Number((await this.call('maintenance/status')).dbSizeInUse)
  }

  /** Forgets all single changes until now. */
  async compact(): Promise<void> {
    const { header } = (await this.call('kv/range', { key: base64('/') })) as { header: { revision: string } }
    await this.call('kv/compaction', { revision: header.revision, physical: true })
  }

  /** Sends a member a signal, such as SIGSTOP to have it give no answer; without an index all of them. */
  signal(name: NodeJS.Signals, index?: number): void {
    for (const each of this.#chosen(index)) this.#processes[each]?.kill(name)
  }

  /** Ends a member, or all, as a crash would. */
  async stop(index?: number): Promise<void> {
    await Promise.all(this.#chosen(index).map((each) => end(this.#processes[each])))
  }

  /** Starts what was stopped, with its data. */
  async startAgain(index?: number): Promise<void> {
    for (const each of this.#chosen(index)) this.#processes[each] = this.#spawn(each)
    await this.ready()
  }

  /** Starts it again after {@link stop}, without its data. */
  async startEmpty(): Promise<void> {
    for (const each of this.#chosen(undefined)) await rm(join(this.#directory, String(each)), { recursive: true })
    await this.startAgain()
  }

  /** Keeps the data as they are after {@link stop}. @returns what brings them back, after another stop */
  async backUp(): Promise<() => Promise<void>> {
    const directories = this.#chosen(undefined).map((each) => join(this.#directory, String(each)))
    for (const directory of directories) await cp(directory, `${directory}-backup`, { recursive: true })
    return async () => {
      for (const directory of directories) {
        await rm(directory, { recursive: true })
        await cp(`${directory}-backup`, directory, { recursive: true })
      }
    }
  }

  #chosen(index: number | undefined): number[] {
    return index === undefined ? [...this.#ports.keys()] : [index]
  }

  #spawn(index: number): ChildProcess {
    const { scheme = 'http', args = [], isDurable = false } = this.#options
    const { client, peer } = this.#ports[index] as Ports
    const all = this.#ports.map((ports, each) => `m${each}=http://127.0.0.1:${ports.peer}`)
    return spawn(
      'etcd',
      [
        ...[`--name=m${index}`, `--data-dir=${join(this.#directory, String(index))}`, '--log-level=error'],
        ...['--logger=zap', ...(isDurable ? [] : ['--unsafe-no-fsync'])],
        ...['--heartbeat-interval=100', '--election-timeout=1000'],
        ...[`--listen-client-urls=${scheme}://127.0.0.1:${client}`],
        ...[`--advertise-client-urls=${scheme}://127.0.0.1:${client}`],
        ...[`--listen-peer-urls=http://127.0.0.1:${peer}`, `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`],
        ...[`--initial-cluster=${all}`, ...args],
      ],
      { stdio: ['ignore', 'ignore', process.env.CEP_DEBUG === undefined ? 'ignore' : 'inherit'] },
    )
  }
}

/** How etcd has bytes in JSON. */
export function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
