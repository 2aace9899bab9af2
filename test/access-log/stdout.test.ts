import t from 'tap'
import { Backend } from '../support/backend.js'
import { askAll } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { exchange } from '../support/raw.js'
import { eventually } from '../support/wait.js'

const FORMAT = '%client% %user% "%method% %path%" %query% %status% %reason% %websocket% 100%%'
const proxy = await ProxyProcess.start(['--access-log', '-', '--access-log-format', FORMAT, '--workers', '1'])
const backend = await Backend.start('backend')
t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
await proxy.route('/user/alice', backend.url, { user: 'alice' })

/** Waits for exactly this line. */
function line(text: string): Promise<void> {
  return eventually(() => proxy.output.split('\n').includes(text), text)
}

const get = (path: string) => exchange(proxy.port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)

t.test('- is standard output, beside the lines of the control plane', async (t) => {
  await get('/user/alice/lab?token=abc&x=1')
  await line('127.0.0.1 alice "GET /user/alice/lab" *** 200 - false 100%')
  await get('/nowhere')
  await line('127.0.0.1 - "GET /nowhere" - 404 no route matches false 100%')
  await get('/nowhere/else?next=abc')
  await line('127.0.0.1 - "GET /nowhere/else" *** 404 no route matches false 100%')
  await eventually(() => proxy.output.includes('warn: 404 GET /nowhere no route matches'), 'the failure is logged')
  t.notMatch(proxy.output, '{', 'and no line is left as Envoy wrote it')
})

t.test('in a text, a path ends where a character begins that could end a field', async (t) => {
  await get('/user/alice/quote"?x"=1')
  await line('127.0.0.1 alice "GET /user/alice/quote" *** 200 - false 100%')
  await get('/user/alice/back\\slash?n=1')
  await line('127.0.0.1 alice "GET /user/alice/back" *** 200 - false 100%')
  t.notMatch(proxy.output, /quote"[^ ]/)
})

t.test('a reader that stops holds up no request', async (t) => {
  proxy.child.stdout?.pause()
  // Several times what the pipe holds.
  const path = `/user/alice/${'x'.repeat(900)}`
  const answers = await askAll(
    proxy.port,
    Array.from({ length: 1_000 }, () => path),
  )
  t.ok(answers.every(({ status }) => status === 200))
  await proxy.route('/user/late', backend.url)
  proxy.child.stdout?.resume()
  await eventually(() => proxy.output.includes('Route added /user/late'), 'and the log goes on')
  let count = 0
  await eventually(async () => {
    count += 1
    await get(`/user/alice/after/${count}`)
    return proxy.output.includes('/user/alice/after/')
  }, 'and so do the requests')
})
