import { once } from 'node:events'
import t from 'tap'
import type { HubOptions } from '../support/hub.js'
import { HubProcess } from '../support/hub.js'
import { killProcess } from '../support/processes.js'
import { startWork } from '../support/session.js'
import { hubVenv, withoutHub } from '../support/venv.js'

const skip = await withoutHub()

const VARIANTS: Readonly<Record<string, HubOptions>> = {
  'all connections behind the proxy encrypted (internal_ssl)': { internalSsl: true },
  'a host name for each user (subdomain_host)': { subdomainHost: 'hub.test' },
}

for (const [name, options] of Object.entries(VARIANTS)) {
  t.test(`a real JupyterHub with ${name}`, { skip }, async (t) => {
    const hub = await HubProcess.spawn(await hubVenv(), options)
    t.teardown(async () => {
      await hub.cleanUp()
      if (!t.passing()) t.comment(hub.output)
    })
    await hub.ready()
    const { browser, socket } = await startWork(t, hub, 'ana')

    const closed = once(socket, 'close')
    for (const { pid, command } of await hub.processes()) {
      if (command.some((word) => word.endsWith('/jupyterhub-singleuser'))) killProcess(pid)
    }
    await closed
    const page = await browser.open(`${hub.server('ana')}/tree?a=b`)
    t.match(page, { status: 503, path: '/user/ana/tree' }, 'a server that was killed is not reachable')
    t.match(page.body, /Your server appears to be down/, "and the page that says so is the hub's own")

    const stop = await browser.call('DELETE', '/hub/api/users/ana/server')
    t.match(String(stop.status), /^20[24]$/, 'the hub is told to stop it')
    t.strictSame(await hub.stop(), { code: 0, signal: null }, 'the hub ends well')
  })
}
