import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { OPTIONS } from '../../src/settings/settings.js'
import { Backend } from '../support/backend.js'
import { Authority } from '../support/certificate.js'
import { temporaryDirectory } from '../support/directory.js'
import { PLAIN_NODE } from '../support/environment.js'
import { freePorts } from '../support/ports.js'
import { CLI, ProxyProcess, STATE } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

/** Everything that nobody may find in any output. Each is used at a place of its own. */
const SECRETS = {
  token: 'tOkEn-of-the-api-9f31',
  wrongToken: 'tOkEn-of-a-stranger-77a0',
  cookie: 'cOoKiE-of-a-user-5b12',
  authorization: 'bEaReR-of-a-user-aa90',
  query: 'qUeRy-of-a-user-18c4',
  websocketQuery: 'qUeRy-of-a-websocket-03de',
  body: 'bOdY-of-a-user-4410',
  posted: 'pOsTeD-by-the-hub-d1f7',
  credentials: 'cReDeNtIaLs-of-a-target-66e2',
  targetQuery: 'qUeRy-of-a-target-b07c',
  passphrase: 'pAsSpHrAsE-of-a-key-29f8',
}

const authority = await Authority.make()
t.teardown(() => authority.remove())
const { keyFile, certFile, key } = await authority.issue({ passphrase: SECRETS.passphrase })
const directory = await temporaryDirectory(t)
const [metricsPort = 0, dead = 0] = await freePorts(2)
const accessLog = join(directory, 'access.log')
const hasAccessLog = OPTIONS.some(({ flags }) => flags.startsWith('--access-log <'))
const options = [
  ...['--ssl-key', keyFile, '--ssl-cert', certFile, '--metrics-ip', '127.0.0.1', '--metrics-port', String(metricsPort)],
  ...['--log-level', 'debug', '--workers', '1', ...(hasAccessLog ? ['--access-log', accessLog] : [])],
]
const env = {
  CONFIGPROXY_AUTH_TOKEN: SECRETS.token,
  CONFIGPROXY_SSL_KEY_PASSPHRASE: SECRETS.passphrase,
  NODE_TLS_REJECT_UNAUTHORIZED: '0',
}
const proxy = await ProxyProcess.start(options, { env })
const backend = await Backend.start('user')
t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
/** Each output, by its name. */
const outputs = new Map<string, string>()

/** A call of the API by whoever has the token. */
async function called(path: string): Promise<string> {
  const headers = { authorization: `token ${SECRETS.token}` }
  const response = await fetch(`http://127.0.0.1:${proxy.apiPort}${path}`, { headers })
  return response.text()
}

/** Posts a route as the hub does. */
async function post(routespec: string, target: string, data: object): Promise<void> {
  const { status } = await proxy.api('POST', routespec, { ...data, target }, SECRETS.token)
  t.equal(status, 201, routespec)
}

/** What a user gets who sends secrets along, by whatever means. */
async function visited(path: string, method = 'GET'): Promise<string> {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  const response = await fetch(`https://127.0.0.1:${proxy.port}${path}?token=${SECRETS.query}&x=1`, {
    method,
    headers: {
      cookie: `jupyterhub-session-id=${SECRETS.cookie}`,
      authorization: `Bearer ${SECRETS.authorization}`,
      accept: 'text/html',
    },
    ...(method === 'POST' ? { body: `password=${SECRETS.body}` } : {}),
  })
  return response.text()
}

function command(args: readonly string[]): Promise<string> {
  const [node, ...before] = PLAIN_NODE
  const own = ['--ip', '127.0.0.1', '--port', String(proxy.port)]
  const api = ['--api-ip', '127.0.0.1', '--api-port', String(proxy.apiPort)]
  const place = { XDG_RUNTIME_DIR: proxy.runtimeBase, XDG_STATE_HOME: join(proxy.runtimeBase, STATE) }
  return new Promise((resolve) => {
    const all = { env: { ...process.env, ...env, ...place }, maxBuffer: 1e8 }
    execFile(node, [...before, CLI, ...args, ...own, ...api, ...options], all, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    )
  })
}

/** Requests, refusals and failures, each with secrets. */
async function live(): Promise<void> {
  const posted = { user: 'ann', api_token: SECRETS.posted, nested: { password: SECRETS.posted } }
  await post('/user/ann', backend.url, posted)
  const target = `http://ann:${SECRETS.credentials}@127.0.0.1:${dead}?token=${SECRETS.targetQuery}`
  await post('/', target, { key: SECRETS.posted })
  await post('/user/bob', target, posted)
  await proxy.api('POST', '/user/eve', { target: backend.url }, SECRETS.wrongToken)
  await proxy.api('POST', '/user/eve', `{"target": "${SECRETS.posted}`, SECRETS.token)
  await proxy.api('POST', '/user/eve', { target: `nonsense://ann:${SECRETS.credentials}@host` }, SECRETS.token)
  await visited('/user/ann/lab')
  await visited('/user/ann/upload', 'POST')
  outputs.set('error page 503', await visited('/user/bob/lab'))
  outputs.set('error page of the hub', await visited('/hub/login'))
  const url = `wss://127.0.0.1:${proxy.port}/user/ann/kernels?token=${SECRETS.websocketQuery}`
  const socket = new WebSocket(url, { headers: { cookie: `a=${SECRETS.cookie}` }, rejectUnauthorized: false })
  await new Promise((resolve) => socket.once('open', resolve))
  socket.terminate()
}

t.test('no output has the token, a cookie, a value of a query, or a key', async (t) => {
  await live()
  await eventually(() => /\/user\/bob/.test(proxy.output), 'the failure is in the log')
  if (hasAccessLog) {
    await eventually(() => readFileSync(accessLog, 'utf8').includes('/user/ann/kernels'), 'the websocket is logged')
    outputs.set('access log', readFileSync(accessLog, 'utf8'))
  }
  for (const path of ['/user/ann/lab', '/user/bob/lab', '/hub/login']) {
    outputs.set(`explain ${path} as JSON`, await called(`/api/explain?path=${encodeURIComponent(path)}`))
    outputs.set(`explain ${path}`, await command(['explain', `${path}?token=${SECRETS.query}`]))
  }
  for (const path of ['/status', '/api/status', '/api/status/routes', '/livez', '/readyz']) {
    outputs.set(path, await called(path))
  }
  outputs.set('metrics', await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text())
  outputs.set('doctor', await command(['doctor']))
  outputs.set('doctor as JSON', await command(['doctor', '--output', 'json']))
  const running = await proxy.processes()
  outputs.set(
    'process list',
    [{ command: proxy.child.spawnargs }, ...running].map((one) => one.command.join(' ')).join('\n'),
  )
  for (const { pid } of await proxy.envoys()) {
    outputs.set(`environment of Envoy ${pid}`, readFileSync(`/proc/${pid}/environ`, 'utf8'))
  }
  for (const name of readdirSync(proxy.runtimeDir).filter((file) => file.endsWith('.log'))) {
    outputs.set(name, readFileSync(join(proxy.runtimeDir, name), 'utf8'))
  }
  outputs.set('log', proxy.output)

  t.match(outputs.get('log'), /\/user\/bob/)
  t.match(outputs.get('doctor'), /CEP0101/)
  t.match(outputs.get('explain /user/bob/lab'), /target_refuses/)
  const ofKey = key.toString().split('\n').slice(1, -2)
  const secrets = [...Object.entries(SECRETS), ...ofKey.map((line, at) => [`line ${at} of the key`, line] as const)]
  for (const [name, text] of outputs) {
    t.not(text, '', `${name} has something in it`)
    const found = secrets.filter(([, secret]) => text.includes(secret)).map(([secret]) => secret)
    t.strictSame(found, [], `secrets in: ${name}`)
  }
})
