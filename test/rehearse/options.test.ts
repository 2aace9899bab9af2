import t from 'tap'
import { REHEARSAL_OPTIONS, readRehearsalSettings } from '../../src/rehearse/run/options.js'
import { rehearse } from '../../src/rehearse/run/rehearse.js'
import type { OptionValues } from '../../src/settings/option.js'

type Given = Partial<OptionValues<typeof REHEARSAL_OPTIONS>>

const TOKENS = { CONFIGPROXY_AUTH_TOKEN: 'of-a-proxy', JUPYTERHUB_API_TOKEN: 'of-a-hub' }

function read(given: Given, tokens = TOKENS as Parameters<typeof readRehearsalSettings>[1]) {
  return readRehearsalSettings({ users: 100, profile: 'lecture', seed: 1, ...given }, tokens)
}

t.test('without more than --proxy-only, 100 users come to a lecture of five minutes', async (t) => {
  t.match(read({ proxyOnly: true }), {
    ...{ users: 100, profile: 'lecture', seed: 1, forMs: 300_000, rampMs: 150_000, incidents: [], isMine: false },
    target: { kind: 'own', command: undefined },
  })
})

t.test('a proxy and a hub that run get their tokens from the environment', async (t) => {
  t.strictSame(read({ proxyOnly: true, proxyUrl: 'http://127.0.0.1:8000' }).target, {
    ...{ kind: 'given', publicUrl: 'http://127.0.0.1:8000', apiUrl: 'http://127.0.0.1:8001', token: 'of-a-proxy' },
  })
  t.match(read({ hub: 'http://127.0.0.1:8000', serverName: 'a' }).target, {
    kind: 'hub',
    token: 'of-a-hub',
    serverName: 'a',
  })
})

t.test('what it does not do is an error that says why, and what to do', async (t) => {
  const cases: Array<[Given, RegExp]> = [
    [{}, /What is to be rehearsed\? A proxy alone: --proxy-only/],
    [{ proxyOnly: true, for: 10_000, ramp: 20_000 }, /--ramp is longer than --for/],
    [{ proxyOnly: true, incident: ['no-such'] }, /There is no incident 'no-such'/],
    [{ proxyOnly: true, proxyUrl: 'http://127.0.0.1:1', incident: ['proxy-killed'] }, /must have started it/],
    [{ hub: 'http://127.0.0.1:1', incident: ['route-churn'] }, /use --proxy-only/],
  ]
  for (const [given, message] of cases) t.throws(() => read(given), { message })
  t.throws(() => read({ hub: 'http://127.0.0.1:1' }, {}), { message: /JUPYTERHUB_API_TOKEN/ })
  t.doesNotThrow(() => read({ hub: 'http://127.0.0.1:1' }))
})

t.test('times are read with their units', async (t) => {
  const parse = REHEARSAL_OPTIONS.find(({ flags }) => flags === '--for <time>') as { parse(text: string): number }
  t.strictSame(['90', '90s', '1.5m', '2h'].map(parse.parse), [90_000, 90_000, 90_000, 7_200_000])
  for (const text of ['soon', '', '0', '-1m', '1d', '9999999h']) t.throws(() => parse.parse(text), /A time is a number/)
})

t.test('no address of a proxy or a hub may be public', async (t) => {
  const quiet = { onSecond: () => {}, onNote: () => {} }
  const here = 'http://127.0.0.1:1'
  const away = 'http://203.0.113.7'
  for (const given of [{ proxyUrl: away }, { proxyUrl: here, apiUrl: away }, { hub: away }]) {
    const settings = read({ ...given, ...('hub' in given ? {} : { proxyOnly: true }) })
    await t.rejects(rehearse(settings, quiet, new AbortController().signal), { message: /public address/ })
  }
})
