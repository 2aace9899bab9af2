// A rehearsal of a real JupyterHub, whose users are made for it and gone at its end.
import t from 'tap'
import { rehearse } from '../../src/rehearse/run/rehearse.js'
import type { Audience, HubTarget, RehearsalSettings } from '../../src/rehearse/run/settings.js'
import { HubProcess } from '../support/hub.js'
import { hubVenv, withoutHub } from '../support/venv.js'

const SERVICE_TOKEN = 'a-token-of-a-service-that-rehearses'

const skip = await withoutHub()

t.test('users of a real hub start named servers and kernels, and leave nothing behind', { skip }, async (t) => {
  const hub = await HubProcess.spawn(await hubVenv(), { serviceToken: SERVICE_TOKEN })
  t.teardown(async () => {
    await hub.cleanUp()
    if (!t.passing()) t.comment(hub.output)
  })
  await hub.ready()
  const notes: string[] = []
  const over = new AbortController()
  let secondsAtWork = 0
  const audience: Audience = {
    // As with Ctrl-C, once all is seen: kernels take long to start on a machine with other work.
    onSecond: ({ websockets }) => {
      if (websockets === 2) secondsAtWork += 1
      if (secondsAtWork === 12) over.abort()
    },
    onNote: (text) => notes.push(text),
  }
  const apiUrl = `http://127.0.0.1:${hub.ports.api}`
  const target: HubTarget = { kind: 'hub', url: hub.url, apiUrl, token: SERVICE_TOKEN, serverName: 'rehearsal' }
  const settings: RehearsalSettings = {
    ...{ profile: 'exam', users: 2, seed: 3, rampMs: 1_000, forMs: 120_000 },
    ...{ incidents: [], isMine: false, target },
  }
  const rehearsal = await rehearse(settings, audience, over.signal)

  t.strictSame(rehearsal.failures, [], 'nothing fails')
  t.strictSame(notes.slice(1), [], 'and all could be removed')
  t.ok(
    rehearsal.users.every(({ readyAfterMs }) => readyAfterMs !== undefined),
    'all get to work',
  )
  const done = Object.fromEntries(rehearsal.acts.map(({ act, count }) => [act, count]))
  for (const act of ['login', 'spawn', 'page', 'poll', 'save', 'upload', 'websocket', 'message']) {
    t.ok((done[act] ?? 0) > 0, `${act}: ${done[act]}`)
  }
  t.match(rehearsal, { ended: 'interrupted', options: { mode: 'hub' }, proxy: { kind: 'this' } })
  t.match(new Set(rehearsal.processes.map(({ role }) => role)), new Set(['control-plane', 'envoy']))

  t.strictSame(Object.keys(await hub.routes()), ['/'], 'no server is left')
  const answer = await fetch(`${hub.url}/hub/api/users`, { headers: { authorization: `token ${SERVICE_TOKEN}` } })
  t.strictSame(await answer.json(), [], 'and no user')

  const strange = { ...settings, target: { ...target, token: 'another' } }
  await t.rejects(rehearse(strange, audience, new AbortController().signal), {
    message: /is answered 403.*JUPYTERHUB_API_TOKEN must be of an administrator/,
  })
})
