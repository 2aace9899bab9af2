import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { CHP } from '../support/chp.js'
import { commandLine } from '../support/command-line.js'
import { PLAIN_NODE } from '../support/environment.js'
import { CLI, ProxyProcess } from '../support/proxy.js'

/** Runs a program to its end, whatever its exit status. */
function run(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [command, ...before] = PLAIN_NODE
  return new Promise((resolve) => {
    execFile(command, [...before, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

/** Every long flag in a help text, with the form of its argument dropped. */
function flags(help: string): string[] {
  return flagsInOrder(help).sort()
}

function flagsInOrder(help: string): string[] {
  return [...help.matchAll(/^ +(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag ?? '')
}

t.test("every option of CHP's help is in ours, our own stand apart", async (t) => {
  const [chp, ours] = await Promise.all([run([CHP, '--help']), run([CLI, '--help'])])
  t.equal(ours.code, 0)
  const [chpPart = '', ownPart = ''] = ours.stdout.split('Options of its own:')
  t.ok(flags(chp.stdout).length > 40)
  t.strictSame(flags(chpPart), flags(chp.stdout))
  const options = (help: string) => flagsInOrder(help).filter((flag) => !['--version', '--help'].includes(flag))
  t.strictSame(options(chpPart), options(chp.stdout), "in CHP's order")
  t.strictSame(flags(ownPart), [
    '--access-log',
    '--access-log-format',
    '--access-log-query',
    '--envoy-mode',
    '--envoy-path',
    '--etcd-endpoints',
    '--etcd-ssl-ca',
    '--etcd-ssl-cert',
    '--etcd-ssl-key',
    '--etcd-user',
    '--log-format',
    '--max-connections',
    '--max-heap',
    '--max-requests-per-route',
    '--member-address',
    '--no-api-auth',
    '--orphan-timeout',
    '--otlp-endpoint',
    '--otlp-sampling',
    '--otlp-ssl-ca',
    '--request-id',
    '--request-timeout',
    '--state-dir',
    '--storage-name',
    '--workers',
    '--xds-address',
    '--xds-ssl-ca',
    '--xds-ssl-cert',
    '--xds-ssl-key',
  ])
})

t.test('the help says in words what a default is', async (t) => {
  const { stdout } = await run([CLI, '--help'])
  t.match(stdout, /--metrics-ip[^-]*\(default:\s+all\)/)
  t.notMatch(stdout, /default:\s+(\{|""|undefined|\[object)/)
  t.equal(stdout.match(/\(default:/g)?.length, stdout.match(/\(default:[^()]*\)/g)?.length, 'none is said twice')
})

t.test('--version prints the version of this package', async (t) => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
  t.strictSame(await run([CLI, '--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
})

t.test('an unknown option or a bad value is one line on stderr and the status of CHP', async (t) => {
  const unknown = await run([CHP, '--no-such-option'])
  const cases: Array<[args: string[], line: RegExp]> = [
    [['--no-such-option'], /unknown option '--no-such-option'/],
    [
      ['stpo'],
      /unknown command 'stpo'. The commands are stop, bootstrap, drain, doctor, explain, members, export, import, copy-routes, rehearse; without one the proxy runs/,
    ],
    [['stop', 'stray'], /too many arguments/],
    [['--port'], /argument missing/],
    [['--port', 'http'], /A port is a number from 1 to 65535/],
    [['--port', '65536'], /A port is a number/],
    [['--workers', '0'], /The number of workers/],
    [['--max-connections', '0'], /The number of connections is a whole number from 1/],
    [['--max-heap', '1GB'], /The size of Envoy's heap is a whole number from 16/],
    [['--request-timeout', '-1'], /The time for a request is a whole number from 0/],
    [['--log-level', 'loud'], /A log level is one of debug, info, warn, error/],
    [['--timeout', '1s'], /whole number/],
    [['two\nlines'], /unknown command 'two\\u\{a\}lines'/],
    [['--port', '\u001b[31m'], /argument '\\u\{1b\}\[31m' is invalid/],
    [['--custom-header', 'no-colon'], /A colon was expected in custom header: no-colon/],
  ]
  const whole = await run([CLI, '--no-such-option'])
  t.strictSame(whole, await commandLine(['--no-such-option']), 'as a process')
  for (const [args, line] of cases) {
    const { code, stdout, stderr } = await commandLine(args)
    t.equal(code, unknown.code, `${args}: status`)
    t.equal(stdout, '')
    t.match(stderr, /^error: [^\n]*\n$/, `${args}: one line`)
    t.match(stderr, line)
  }
})

t.test('without a token a warning says what follows, and calls are refused', async (t) => {
  const proxy = await ProxyProcess.start([], { env: { CONFIGPROXY_AUTH_TOKEN: '' } })
  t.teardown(() => proxy.stop())
  t.match(proxy.output, /warn: CONFIGPROXY_AUTH_TOKEN is not set/)
  for (const token of ['', 'undefined']) t.equal((await proxy.api('GET', '', undefined, token)).status, 403)
})
