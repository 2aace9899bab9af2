import t from 'tap'
import { allowedOrigin, isPrivate } from '../../src/rehearse/target/allowed.js'
import { kindOf, proxyCommand, words } from '../../src/rehearse/target/command.js'

t.test('addresses of this machine and of private networks are private, others are not', async (t) => {
  const own = ['127.0.0.1', '127.64.3.2', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.1.1']
  for (const address of [...own, '::1', 'fd00::1', 'fe80::1', '::ffff:10.0.0.1']) t.ok(isPrivate(address), address)
  const others = ['8.8.8.8', '172.32.0.1', '172.15.0.1', '192.169.0.1', '11.0.0.1', '2001:db8::1', '::ffff:8.8.8.8']
  for (const address of others) t.notOk(isPrivate(address), address)
})

t.test('a rehearsal of a public address needs to be told that it is the own one', async (t) => {
  const find = async (name: string) => (name === 'hub.example.org' ? ['10.0.0.1', '203.0.113.7'] : ['192.168.7.7'])
  await t.rejects(allowedOrigin('--hub', 'https://hub.example.org', false, find), {
    message: /--hub https:\/\/hub.example.org is at a public address \(203.0.113.7\).*--this-is-my-hub/,
  })
  await t.rejects(allowedOrigin('--hub', 'http://203.0.113.7:8000', false, find), { message: /public address\. / })
  t.strictSame(await allowedOrigin('--hub', 'https://hub.example.org', true, find), {
    ...{ address: '10.0.0.1', port: 443, host: 'hub.example.org', isTls: true, takesAnyCertificate: false },
  })
  t.strictSame(await allowedOrigin('--hub', 'http://hub.lan:8000/', false, find), {
    ...{ address: '192.168.7.7', port: 8000, host: 'hub.lan:8000', isTls: false, takesAnyCertificate: false },
  })
  t.match(await allowedOrigin('--proxy-url', 'http://[::1]:8000', false, find), { address: '::1', port: 8000 })
})

t.test('what is no URL, or has no address, is an error that says so', async (t) => {
  for (const url of ['localhost:8000', 'ftp://10.0.0.1', '', 'http://']) {
    await t.rejects(allowedOrigin('--hub', url, false), { message: /--hub takes a URL/ })
  }
  await t.rejects(
    allowedOrigin('--hub', 'http://nowhere.example', false, async () => []),
    { message: /nowhere.example has no address/ },
  )
})

t.test('a command is split as a shell would', async (t) => {
  t.strictSame(words('a  b --c=d'), ['a', 'b', '--c=d'])
  t.strictSame(words(`node "a b/c" 'd "e"' f\\ g --x="1 2"`), ['node', 'a b/c', 'd "e"', 'f g', '--x=1 2'])
  t.throws(() => words('  '), /empty/)
})

t.test('a command is completed with what it lacks', async (t) => {
  const extras = { defaultTarget: 'http://127.0.0.1:1', certificate: undefined }
  const chp = await proxyCommand('configurable-http-proxy --port 4711 --api-port=4712 --log-level error', extras)
  t.match(chp, { kind: 'chp', port: 4711, apiPort: 4712, host: '127.0.0.1' })
  t.strictSame(chp.words, [
    ...['configurable-http-proxy', '--port', '4711', '--api-port=4712', '--log-level', 'error'],
    ...['--ip', '127.0.0.1', '--api-ip', '127.0.0.1', '--default-target', 'http://127.0.0.1:1'],
  ])
  const own = await proxyCommand(undefined, { ...extras, certificate: { keyFile: '/k', certFile: '/c' } })
  t.equal(own.kind, 'this')
  t.match(own.words, [process.execPath, /main\.js$/])
  t.strictSame(own.words.slice(-4), ['--ssl-key', '/k', '--ssl-cert', '/c'])
  t.not(own.port, own.apiPort)
  t.match(await proxyCommand('x --ip 0.0.0.0', extras), { kind: 'other', host: '127.0.0.1' })
  await t.rejects(proxyCommand('x --port none', extras), { message: /--port of --proxy-command is no port/ })
})

t.test('a proxy is known by its command', async (t) => {
  t.equal(kindOf(['node', '/x/configurable-http-proxy/bin/configurable-http-proxy']), 'chp')
  t.equal(kindOf(['/usr/bin/node', '/x/build/src/cli/main.js', '--port', '1']), 'this')
  t.equal(kindOf(['traefik']), 'other')
})
