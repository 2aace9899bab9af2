import t from 'tap'
import { ProxyProcess } from '../support/proxy.js'

t.test('a token that no request can show is refused at the start, and not printed', async (t) => {
  const tokens = ['two words', 'a-token\n', '\ttabbed', 'schlüssel']
  const starts = tokens.map(async (token) => {
    const proxy = await ProxyProcess.spawn([], { env: { CONFIGPROXY_AUTH_TOKEN: token } })
    t.equal((await proxy.exit()).code, 1, JSON.stringify(token))
    t.match(proxy.output, /^error: CONFIGPROXY_AUTH_TOKEN has a blank, [^\n]*\n$/)
    t.notOk(proxy.output.includes(token))
    await proxy.stop()
  })
  await Promise.all(starts)
})
