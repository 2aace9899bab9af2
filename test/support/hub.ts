import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { PLAIN } from './environment.js'
import { ask } from './http.js'
import { freePorts } from './ports.js'
import type { RunningProcess } from './processes.js'
import { killProcess, processesWith } from './processes.js'
import { CLI, TOKEN } from './proxy.js'
import { eventually } from './wait.js'

/** Stands in the environment of the hub and of all that it starts. */
const MARK = 'CEP_TEST_HUB'

/** The hub ends with the test, also with one that is killed and can't clean up. */
const END_WITH_INPUT = `
import os, signal, threading
def end_with_input():
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=end_with_input, daemon=True).start()
`

/** A route as the proxy's API lists it. */
export interface ListedRoute {
  readonly target: string
  readonly user?: string
}

/** How a hub is set up, where that is not the ordinary way. */
export interface HubOptions {
  /** All connections behind the proxy are TLS, with certificates that the hub makes. */
  readonly internalSsl?: true
  /** Each user's server has a host name of its own below this one. */
  readonly subdomainHost?: string
  /** More of the proxy's command line. */
  readonly proxyArgs?: readonly string[]
  /** A token with which a service may make users, tokens for them, and servers. */
  readonly serviceToken?: string
  /** The hub's metrics need no token. */
  readonly openMetrics?: true
  /** The proxy runs at these ports already: the hub starts none, as in z2jh. */
  readonly besideProxyAt?: HubPorts
  /** How often it compares the proxy's routes with its own, in seconds. */
  readonly checkSeconds?: number
}

/** A JupyterHub that starts this proxy by itself, with all its files in a directory of its own. */
export class HubProcess {
  readonly directory: string
  readonly ports: HubPorts
  readonly child: ChildProcess
  readonly #options: HubOptions
  /** All that it, the proxy and the users' servers printed so far. */
  output = ''

  private constructor(directory: string, ports: HubPorts, child: ChildProcess, options: HubOptions) {
    this.directory = directory
    this.#options = options
    this.ports = ports
    this.child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += chunk
      })
    }
  }

  /**
   * Starts it without waiting for anything.
   *
   * @param venv the virtual environment that it is installed in
   */
  static async spawn(venv: string, options: HubOptions = {}): Promise<HubProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
    const ports = options.besideProxyAt ?? (await HubProcess.freePorts())
    const configuration = join(directory, 'jupyterhub_config.py')
    await writeFile(configuration, hubConfiguration(venv, directory, ports, options))
    const [command, ...before] = PLAIN
    const child = spawn(command, [...before, join(venv, 'bin', 'jupyterhub'), '--config', configuration], {
      cwd: directory,
      env: {
        ...process.env,
        XDG_RUNTIME_DIR: directory,
        XDG_STATE_HOME: join(directory, 'state'),
        CONFIGPROXY_AUTH_TOKEN: TOKEN,
        [MARK]: directory,
      },
      // Nothing is ever written to its input, which ends with this process.
      stdio: 'pipe',
    })
    return new HubProcess(directory, ports, child, options)
  }

  static async freePorts(): Promise<HubPorts> {
    const [open = 0, api = 0, hub = 0] = await freePorts(3)
    return { open, api, hub }
  }

  /** What users have in their browsers. */
  get url(): string {
    return `http://${this.#options.subdomainHost ?? '127.0.0.1'}:${this.ports.open}`
  }

  /** The route of a user's server. */
  routespec(user: string): string {
    const { subdomainHost } = this.#options
    return subdomainHost === undefined ? `/user/${user}` : `/${user}.${subdomainHost}/user/${user}`
  }

  /** What a user's browser has for that server, without a slash at the end. */
  server(user: string): string {
    const url = new URL(`/user/${user}`, this.url)
    if (this.#options.subdomainHost !== undefined) url.hostname = `${user}.${url.hostname}`
    return url.href
  }

  /** Where a user's server has its files. It makes the directory itself if there is none. */
  home(user: string): string {
    return homeOf(this.directory, user)
  }

  /** Waits until users reach it through the proxy. */
  async ready(): Promise<void> {
    await eventually(
      () => {
        if (this.child.exitCode !== null) throw new Error('the hub ended')
        return ask(this.ports.open, '/hub/health', { headers: { host: new URL(this.url).host } }).then(
          ({ status }) => status === 200,
          () => false,
        )
      },
      'the hub serves through the proxy',
      60_000,
    )
  }

  /** The proxy's routes by their paths. */
  async routes(): Promise<Readonly<Record<string, ListedRoute>>> {
    const { internalSsl } = this.#options
    const connect = internalSsl ? await hubCertificate(this.directory) : {}
    const agent = new Agent({ connect })
    try {
      const scheme = internalSsl ? 'https' : 'http'
      const { statusCode, body } = await request(`${scheme}://127.0.0.1:${this.ports.api}/api/routes`, {
        headers: { authorization: `token ${TOKEN}` },
        dispatcher: agent,
      })
      if (statusCode !== 200) throw new Error(`GET /api/routes: ${statusCode}`)
      return (await body.json()) as Record<string, ListedRoute>
    } finally {
      await agent.close()
    }
  }

  /** The processes of it and of all that it started. */
  processes(): Promise<RunningProcess[]> {
    return processesWith(`${MARK}=${this.directory}`)
  }

  /** Asks it to end and waits until it has. */
  async stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    const exited = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    await exited
    return { code: this.child.exitCode, signal: this.child.signalCode }
  }

  /** Ends whatever is left by force and removes the files. */
  async cleanUp(): Promise<void> {
    await eventually(async () => {
      const left = await this.processes()
      for (const { pid } of left) killProcess(pid)
      return left.length === 0
    }, 'all its processes are gone')
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** Where it serves users, where the proxy's API is and where the proxy finds the hub. */
export interface HubPorts {
  readonly open: number
  readonly api: number
  readonly hub: number
}

function homeOf(directory: string, user: string): string {
  return join(directory, `home-${user}`)
}

/** What the hub itself shows to the proxy's API under internal_ssl, and whom it trusts. */
async function hubCertificate(directory: string): Promise<{ key: Buffer; cert: Buffer; ca: Buffer }> {
  const file = (name: string) => readFile(join(certificates(directory), name))
  const [key, cert, ca] = await Promise.all([
    file('hub-internal/hub-internal.key'),
    file('hub-internal/hub-internal.crt'),
    file('hub-ca_trust.crt'),
  ])
  return { key, cert, ca }
}

function certificates(directory: string): string {
  return join(directory, 'internal-ssl')
}

function hubConfiguration(
  venv: string,
  directory: string,
  { open, api, hub }: HubPorts,
  { internalSsl, subdomainHost, proxyArgs = [], serviceToken, openMetrics, besideProxyAt, checkSeconds }: HubOptions,
): string {
  // JSON's strings, arrays and objects of strings are Python's as well.
  const settings = {
    'JupyterHub.bind_url': `http://127.0.0.1:${open}`,
    'JupyterHub.hub_bind_url': `http://127.0.0.1:${hub}`,
    'JupyterHub.authenticator_class': 'dummy',
    'JupyterHub.spawner_class': 'simple',
    'ConfigurableHTTPProxy.command': [process.execPath, CLI, ...proxyArgs],
    'ConfigurableHTTPProxy.api_url': `${internalSsl ? 'https' : 'http'}://127.0.0.1:${api}`,
    'SimpleLocalProcessSpawner.home_dir_template': homeOf(directory, '{username}'),
    'Spawner.notebook_dir': homeOf(directory, '{username}'),
    'Spawner.cmd': [join(venv, 'bin', 'jupyterhub-singleuser')],
    // Continuous integration often runs as root.
    'Spawner.args': ['--allow-root'],
    'Spawner.environment': { [MARK]: directory },
    ...(serviceToken && {
      'JupyterHub.services': [{ name: 'rehearsal', api_token: serviceToken }],
      'JupyterHub.load_roles': [
        { name: 'rehearsal', services: ['rehearsal'], scopes: ['admin:users', 'admin:servers', 'tokens'] },
      ],
      'JupyterHub.allow_named_servers': 1,
    }),
    ...(checkSeconds && { 'JupyterHub.last_activity_interval': checkSeconds }),
    ...(internalSsl && { 'JupyterHub.internal_certs_location': certificates(directory) }),
    ...(subdomainHost && { 'JupyterHub.subdomain_host': `http://${subdomainHost}:${open}` }),
  }
  const lines = Object.entries(settings).map(([name, value]) => `c.${name} = ${JSON.stringify(value)}`)
  const flags = ['Authenticator.allow_all', ...(internalSsl ? ['JupyterHub.internal_ssl'] : [])]
  const off = [
    ...(openMetrics ? ['JupyterHub.authenticate_prometheus'] : []),
    ...(besideProxyAt ? ['ConfigurableHTTPProxy.should_start'] : []),
  ]
  const switches = [...flags.map((flag) => `c.${flag} = True`), ...off.map((flag) => `c.${flag} = False`)]
  return [...lines, ...switches, END_WITH_INPUT].join('\n')
}
