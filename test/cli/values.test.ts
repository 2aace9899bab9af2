import t from 'tap'
import { hasOnlyOptions, parseCommandLine } from '../../src/cli/command-line.js'
import type { Options } from '../../src/settings/settings.js'

t.test('the values of options have the names and types that their declarations say', async (t) => {
  const given = [
    ...['--max-heap', '100', '--no-x-forward', '--ssl-allow-rc4', '--ip', '::1', '--log-level', 'WARN'],
    ...['--custom-header', 'X-A: b', '--custom-header', 'X-C: d', '--envoy-mode', 'external', '--no-api-auth'],
  ]
  // The compiler checks the names and types, and the test what commander makes of the options.
  const values: Partial<Options> = {
    maxHeap: 100,
    xForward: false,
    sslAllowRc4: true,
    ip: '::1',
    logLevel: 'warn',
    apiAuth: false,
    customHeader: { 'X-A': 'b', 'X-C': 'd' },
    envoyMode: 'external',
    port: 8000,
    apiIp: 'localhost',
    metricsIp: '',
    prependPath: true,
  }
  const parsed = parseCommandLine(given, []).values
  t.match(parsed, values)
  t.equal(parsed.insecure, undefined)
})

t.test('a subcommand gets its own values, and those of the proxy from before and behind its name', async (t) => {
  const seen: object[] = []
  const command = {
    name: 'look',
    description: 'for the test',
    options: [{ flags: '--far <n>', description: 'how far', number: { least: 1, most: 9, objection: 'No.' } }],
    run: async (own: object, values: Options) => void seen.push({ ...own, port: values.port, workers: values.workers }),
  }
  await parseCommandLine(['--port', '81', 'look', '--far', '3', '--workers', '2'], [command]).subcommand?.()
  t.strictSame(seen, [{ far: 3, port: 81, workers: 2 }])
  t.equal(parseCommandLine(['--port', '81'], [command]).subcommand, undefined)
})

t.test('subcommands are loaded for whatever is not a plain start', async (t) => {
  for (const argv of [[], ['--port', '8000', '--insecure'], ['--ip=stop'], ['--ip', 'stop']]) {
    t.ok(hasOnlyOptions(argv), argv.join(' '))
  }
  for (const argv of [['stop'], ['--insecure', 'stop'], ['sotp'], ['--help'], ['-V'], ['--port', 'x'], ['--what']]) {
    t.notOk(hasOnlyOptions(argv), argv.join(' '))
  }
})
