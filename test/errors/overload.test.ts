import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import t from 'tap'
import { ErrorServer } from '../support/error-server.js'
import { ask } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

const errors = await ErrorServer.start()
const proxy = await ProxyProcess.start(['--error-target', errors.url, '--workers', '2'])
t.teardown(() => Promise.all([proxy.stop(), errors.stop()]))
const { answer } = errors
t.beforeEach(() => {
  errors.answer = answer
})

/** That a request is answered with the built-in page, and what it took. */
async function builtIn(t: Test, path: string): Promise<number> {
  const from = performance.now()
  const { status, body, headers } = await ask(proxy.port, path)
  t.equal(status, 404, path)
  t.match(body, /<!DOCTYPE html>.*Error 404/s, path)
  t.equal(headers['content-type'], 'text/html; charset=utf-8', path)
  return performance.now() - from
}

t.test('a flood of failures is no flood of the error target: past the bound the built-in page is served', async (t) => {
  errors.answer = async (request, response) => {
    await delay(200)
    answer(request, response)
  }
  const answers = await Promise.all(Array.from({ length: 500 }, () => ask(proxy.port, '/nothing')))
  t.ok(answers.every(({ status }) => status === 404))
  const pages = answers.filter(({ body }) => body === 'page for /hub/error/404?url=%2Fnothing').length
  const others = answers.filter(({ body }) => /Error 404/.test(body)).length
  t.equal(pages + others, 500, 'everyone got one or the other')
  t.ok(pages >= 16, `${pages} got the page`)
  // Envoy lets each of the two workers have one connection, however many there are.
  t.ok(errors.most <= 18, `${errors.most} at once`)
  t.equal(
    (await ask(proxy.port, '/nothing')).body,
    'page for /hub/error/404?url=%2Fnothing',
    'and all is well after it',
  )
})

t.test('an error target that answers no more, or without end, is waited for 5 s', async (t) => {
  errors.answer = (request, response) => {
    if (request.url?.endsWith('drips')) response.write('x')
  }
  const times = await Promise.all(['/hangs', '/drips'].map((path) => builtIn(t, path)))
  for (const time of times) t.ok(time > 4_900, `${time} ms`)
})

t.test('a page that breaks off, is empty or is larger than 1 MiB is none', async (t) => {
  errors.answer = (request, response) => {
    if (request.url?.endsWith('empty')) response.writeHead(302, { location: '/x' }).end()
    else if (request.url?.endsWith('large')) response.end('x'.repeat(1024 * 1024 + 1))
    else {
      response.writeHead(200, { 'content-length': 10, 'content-type': 'text/broken' })
      response.write('x')
      setImmediate(() => response.destroy())
    }
  }
  for (const path of ['/empty', '/large', '/breaks']) await builtIn(t, path)
})

t.test('an error target that is down is told of once, and used as soon as it is there', async (t) => {
  const [port = 0] = await freePorts(1)
  const waiting = await ProxyProcess.start(['--error-target', `http://127.0.0.1:${port}`, '--workers', '1'])
  t.teardown(() => waiting.stop())
  for (let turn = 0; turn < 3; turn += 1) t.match((await ask(waiting.port, '/nothing')).body, 'Error 404')
  const late = await ErrorServer.start(port)
  t.teardown(() => late.stop())
  t.equal((await ask(waiting.port, '/nothing')).body, 'page for /404?url=%2Fnothing')
  const told = () => waiting.output.match(/The error target gives no page/g)?.length
  await eventually(() => told() !== undefined, 'it is in the log')
  await waiting.stop()
  t.equal(told(), 1)
})
