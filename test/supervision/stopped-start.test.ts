import t from 'tap'
import { Home, kill } from '../support/home.js'
import { eventually } from '../support/wait.js'

// Before the Envoy that runs is taken over, while it is, and after.
for (const moment of ['Routes are kept in', 'on Node.js', 'Proxy API at'])
  t.test(`a start that is stopped after "${moment}" leaves no Envoy behind`, async (t) => {
    const home = await Home.make(t)
    const first = await home.start()
    await first.envoyPid()
    await kill(first)
    const second = await home.spawn()
    await eventually(() => second.output.includes(moment), moment)
    second.child.kill('SIGTERM')
    t.strictSame(await second.exit(), { code: 0, signal: null }, second.output)
    t.strictSame(await second.envoys(), [], `that of the control plane before it:\n${second.output}`)
    await eventually(async () => (await second.processes()).length === 0, 'nor anything else')
  })
