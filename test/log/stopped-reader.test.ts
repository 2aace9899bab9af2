import t from 'tap'
import { ProxyProcess, TOKEN } from '../support/proxy.js'
import { RawConnection } from '../support/raw-connection.js'
import { eventually } from '../support/wait.js'

const CALL = `GET /api/routes/${'x'.repeat(180)} HTTP/1.1\r\nHost: x\r\nAuthorization: token ${TOKEN}\r\n\r\n`

/** Calls of which each has a line in the log; resolves when all are answered. */
async function call(proxy: ProxyProcess, count: number): Promise<void> {
  const connection = await RawConnection.open(proxy.apiPort, CALL.repeat(count))
  const answers = () => connection.received.split('HTTP/1.1 404').length - 1
  await eventually(() => answers() === count, `${count} calls are answered`)
  connection.end()
}

t.test('a log whose reader stops holds up neither calls nor the end', async (t) => {
  const proxy = await ProxyProcess.start()
  t.teardown(() => proxy.stop())
  proxy.child.stdout?.pause()
  // More than the pipe and the proxy hold.
  await call(proxy, 6_000)
  proxy.child.stdout?.resume()
  await eventually(() => /\(\d+ lines were left out here/.test(proxy.output), 'it reads on, and is told')
  await call(proxy, 50)
  await eventually(
    () => proxy.output.lastIndexOf('warn: 404') > proxy.output.indexOf('left out'),
    'and the log goes on',
  )

  proxy.child.stdout?.pause()
  await call(proxy, 1_500)
  proxy.child.kill('SIGTERM')
  t.equal((await proxy.exit()).code, 0, 'it ends although nobody reads its last words')
})

t.test('a log whose reader has gone holds up nothing', async (t) => {
  const proxy = await ProxyProcess.start()
  t.teardown(() => proxy.stop())
  proxy.child.stdout?.destroy()
  await call(proxy, 100)
  proxy.child.kill('SIGTERM')
  t.equal((await proxy.exit()).code, 0)
})

t.test('a reader that was slow gets the last words', async (t) => {
  const proxy = await ProxyProcess.start()
  t.teardown(() => proxy.stop())
  proxy.child.stdout?.pause()
  // More than the pipe holds, and less than the proxy keeps.
  await call(proxy, 2_000)
  proxy.child.kill('SIGTERM')
  proxy.child.stdout?.resume()
  await proxy.exit()
  await eventually(() => proxy.output.includes('info: Stopping'), 'it has read all')
  t.equal(proxy.output.split('warn: 404').length - 1, 2_000)
  t.notMatch(proxy.output, 'left out')
})
