import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryDirectory } from '../support/directory.js'
import { accepts } from '../support/ports.js'
import { eventually } from '../support/wait.js'

/** One server of nginx in front of a proxy. */
export interface Front {
  readonly port: number
  /** What follows `listen PORT`, such as `ssl`. */
  readonly listen?: string
  /** Lines of the server and of its only location. */
  readonly server?: readonly string[]
  readonly location: readonly string[]
}

/** What docs/deployment.md has for a location, by what each line is for. */
export const GOOD = {
  version: 'proxy_http_version 1.1;',
  host: 'proxy_set_header Host $http_host;',
  upgrade: 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;',
  for: 'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
  proto: 'proxy_set_header X-Forwarded-Proto $scheme;',
  size: 'client_max_body_size 0;',
  requests: 'proxy_request_buffering off;',
  buffering: 'proxy_buffering off;',
  timeouts: 'proxy_read_timeout 1d; proxy_send_timeout 1d;',
} as const

/** Lines as they should be, but for some that are replaced, or left out by ''. */
export function linesBut(target: string, changes: Partial<Record<keyof typeof GOOD | 'pass', string>> = {}): string[] {
  const { pass = `proxy_pass ${target};`, ...others } = changes
  return [pass, ...Object.values({ ...GOOD, ...others })]
}

/** Runs nginx with these servers until the test ends. */
export async function startNginx(t: { teardown(fn: () => unknown): unknown }, fronts: readonly Front[]): Promise<void> {
  const directory = await temporaryDirectory(t)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`)
  const servers = fronts.map(
    ({ port, listen = '', server = [], location }) =>
      `server { listen 127.0.0.1:${port} ${listen}; ${server.join(' ')} location / { ${location.join(' ')} } }`,
  )
  const configuration = [
    ...[
      process.getuid?.() === 0 ? 'user root;' : '',
      'daemon off; worker_processes 1; pid nginx.pid; error_log stderr;',
    ],
    'events {}',
    `http { access_log off; ${temporary.join(' ')}`,
    "map $http_upgrade $connection_upgrade { default upgrade; '' ''; }",
    ...servers,
    '}',
  ]
  const file = join(directory, 'nginx.conf')
  await writeFile(file, configuration.join('\n'))
  const nginx = spawn('nginx', ['-p', directory, '-c', file, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  nginx.stderr.on('data', (chunk) => {
    errors += chunk
  })
  t.teardown(async () => {
    if (nginx.exitCode !== null) return
    nginx.kill('SIGTERM')
    await once(nginx, 'exit')
  })
  await eventually(async () => {
    if (nginx.exitCode !== null) throw new Error(`nginx ended: ${errors}`)
    return (await Promise.all(fronts.map(({ port }) => accepts(port)))).every(Boolean)
  }, 'nginx listens')
}
