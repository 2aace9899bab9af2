import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PLAIN } from './environment.js'
import { ask } from './http.js'
import { freePorts } from './ports.js'
import { eventually } from './wait.js'

/** What Prometheus scrapes: a port of 127.0.0.1 and a path. */
export interface ScrapeTarget {
  readonly job: string
  readonly port: number
  readonly path: string
}

/** A real Prometheus that scrapes every second. */
export class Prometheus {
  readonly #port: number
  readonly stop: () => Promise<void>

  private constructor(port: number, stop: () => Promise<void>) {
    this.#port = port
    this.stop = stop
  }

  static async start(targets: readonly ScrapeTarget[]): Promise<Prometheus> {
    const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
    const [port = 0] = await freePorts(1)
    const file = join(directory, 'prometheus.yml')
    // JSON is YAML as well.
    const configuration = {
      global: { scrape_interval: '1s' },
      scrape_configs: targets.map(({ job, port: at, path }) => ({
        job_name: job,
        metrics_path: path,
        static_configs: [{ targets: [`127.0.0.1:${at}`] }],
      })),
    }
    await writeFile(file, JSON.stringify(configuration))
    const [command, ...before] = PLAIN
    const own = [`--config.file=${file}`, `--storage.tsdb.path=${directory}/data`, '--log.level=error']
    const child = spawn(command, [...before, 'prometheus', ...own, `--web.listen-address=127.0.0.1:${port}`], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const prometheus = new Prometheus(port, async () => {
      if (child.exitCode === null && child.kill()) await once(child, 'exit')
      await rm(directory, { recursive: true, force: true })
    })
    const isReady = () =>
      ask(port, '/-/ready').then(
        ({ status }) => status === 200,
        () => false,
      )
    await eventually(isReady, 'Prometheus is ready')
    return prometheus
  }

  /** How many series a query gives now. @throws Error with Prometheus' reason if it is no valid query */
  async query(expression: string): Promise<number> {
    const { body } = await ask(this.#port, `/api/v1/query?query=${encodeURIComponent(expression)}`)
    const answer = JSON.parse(body) as { readonly error?: string; readonly data?: { readonly result: unknown[] } }
    if (answer.data === undefined) throw new Error(`${expression}: ${answer.error}`)
    return answer.data.result.length
  }
}
