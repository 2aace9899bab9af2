import { callApi } from '../../api/client.js'
import type { Explanation } from '../../operations/explain/explanation.js'
import { shownAddress } from '../../platform/address.js'
import { FatalError } from '../../platform/fatal-error.js'
import { printable } from '../../platform/text.js'
import { readApiSettings } from '../../settings/api.js'
import { readMachine } from '../../settings/machine.js'
import type { OptionSpec } from '../../settings/option.js'
import type { Options } from '../../settings/settings.js'
import { asText } from './explain/text.js'
import type { Subcommand } from './subcommand.js'

const OPTIONS = [
  { flags: '--host <host>', description: 'The Host header of the request; matters under --host-routing only' },
  {
    flags: '--output <format>',
    description: 'text for people, json for programs',
    default: 'text',
    choices: ['text', 'json'],
  },
] as const satisfies readonly OptionSpec[]

/** Errors in the command line, and a proxy that can't be asked: neither says whether the path can be reached. */
const NOT_KNOWN = 2

export const explain: Subcommand<typeof OPTIONS> = {
  name: 'explain',
  description: 'say which route takes a path, whether its server can be reached, and if not, why and what to do',
  argument: { name: 'path', description: 'The path of a request, such as /user/alice/lab' },
  options: OPTIONS,
  note:
    "It asks the running proxy, whose API it finds by the proxy's options (--port, --api-port, --api-ip, --api-socket,\n" +
    '--api-ssl-...), with the token in CONFIGPROXY_AUTH_TOKEN. Exit status: 0 the server can be reached, 1 it can not,\n' +
    '2 the proxy can not be asked, or the command line is wrong.',
  usageStatus: NOT_KNOWN,
  async run({ host, output }, values, path) {
    const explanation = await ask(path, host, values)
    process.stdout.write(output === 'json' ? `${JSON.stringify(explanation, undefined, 2)}\n` : asText(explanation))
    return explanation.reachable ? 0 : 1
  },
}

/** @throws FatalError if the proxy can't be asked */
async function ask(path: string, host: string | undefined, values: Options): Promise<Explanation> {
  if (!path.startsWith('/')) throw unknown(`${path} is no path: begin with a slash, such as /user/alice/lab.`)
  const { env } = process
  const token = env.CONFIGPROXY_AUTH_TOKEN
  const api = await readApiSettings(values, env, readMachine()).catch((error: Error) => {
    throw unknown(error.message)
  })
  // The query may have a secret, and doesn't matter.
  const query = new URLSearchParams({ path: path.replace(/[?#].*$/s, ''), ...(host === undefined ? {} : { host }) })
  const where = shownAddress(api.at)
  const { status, body } = await callApi(api, { path: `/api/explain?${query}`, token }).catch((error: Error) => {
    throw unknown(`${error.message}. Is the proxy running, and is its API at ${where}? Give the options of its start.`)
  })
  if (status === 200) return JSON.parse(body) as Explanation
  if (status === 403)
    throw unknown(`The API at ${where} refuses: set CONFIGPROXY_AUTH_TOKEN to the token of the proxy.`)
  if (status === 404) throw unknown(`What listens at ${where} has no such call: it is not this proxy, or an older one.`)
  throw unknown(`The API at ${where} answered ${status}: ${printable(body, 200)}`)
}

function unknown(message: string): FatalError {
  return new FatalError(message, NOT_KNOWN)
}
