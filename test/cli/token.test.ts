import t from 'tap'
import { commandLine } from '../support/command-line.js'

t.test('a token that no request can show is refused at the start, and not printed', async (t) => {
  const tokens = ['two words', 'a-token\n', '\ttabbed', 'schlüssel']
  for (const token of tokens) {
    const { code, stdout, stderr } = await commandLine([], { CONFIGPROXY_AUTH_TOKEN: token })
    t.equal(code, 1, JSON.stringify(token))
    t.match(stderr, /^error: CONFIGPROXY_AUTH_TOKEN has a blank, [^\n]*\n$/)
    t.notOk(`${stdout}${stderr}`.includes(token))
  }
})
