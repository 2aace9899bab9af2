import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { admin } from '../support/admin.js'
import { Home, kill } from '../support/home.js'
import { ask } from '../support/http.js'
import { eventually } from '../support/wait.js'

t.test('an Envoy that waits for its control plane does not fill its log, but failures are in it', async (t) => {
  const home = await Home.make(t)
  const proxy = await home.start()
  await kill(proxy)
  const tries = async () => Number(/: (\d+)/.exec(await admin(proxy, '/stats?filter=cds.update_failure'))?.[1])
  await eventually(async () => (await tries()) >= 10, 'it has tried to connect ten times')
  await ask(proxy.port, '/nowhere')
  const output = () => readFile(join(proxy.runtimeDir, 'envoy.log'), 'utf8')
  await eventually(async () => (await output()).includes('"path":"/nowhere"'), 'a failed request is in it')
  t.notMatch(await output(), /config stream/)
})
