import type { OptionSpec } from '../../settings/option.js'
import { RemoteApi } from '../../transfer/remote-api.js'
import type { Subcommand } from './subcommand.js'

const OPTIONS = [
  {
    flags: '--from <url>',
    description: 'The REST API of the proxy',
    default: 'http://127.0.0.1:8001',
  },
] as const satisfies readonly OptionSpec[]

export const exportRoutes: Subcommand<typeof OPTIONS> = {
  name: 'export',
  description: "print the routes of a proxy as CHP's JSON, for import",
  options: OPTIONS,
  note: 'The token of its REST API is taken from CONFIGPROXY_AUTH_TOKEN. last_activity is left out.',
  async run({ from }) {
    const routes = await new RemoteApi(from, process.env.CONFIGPROXY_AUTH_TOKEN).list()
    process.stdout.write(`${JSON.stringify(Object.fromEntries(routes), undefined, 2)}\n`)
    return undefined
  },
}
