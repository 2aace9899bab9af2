import { chosen, describeSubject, examine } from '../../doctor/examine.js'
import type { Subject } from '../../doctor/model/subject.js'
import { subjectOf } from '../../doctor/model/subject.js'
import { IDLE_WEBSOCKET } from '../../doctor/outside/checks/websockets.js'
import { withVisit } from '../../doctor/outside/visit.js'
import { OUTSIDE_CHECKS } from '../../doctor/outside-checks.js'
import type { Report } from '../../doctor/report.js'
import { asJson, asText, exitStatusOf } from '../../doctor/report.js'
import { START_CHECKS } from '../../doctor/start-checks.js'
import { parseHostPort } from '../../settings/external.js'
import type { OptionSpec, OptionValues } from '../../settings/option.js'
import { wholeNumber } from '../../settings/option.js'
import { SECRETS } from '../../settings/secrets.js'
import type { Subcommand } from './subcommand.js'

const OPTIONS = [
  {
    flags: '--only <codes>',
    description: 'Make only these checks, such as CEP0201,CEP0402',
    defaultDescription: 'all',
  },
  {
    flags: '--output <format>',
    description: 'text for people, json for programs',
    default: 'text',
    choices: ['text', 'json'],
  },
  {
    flags: '--public-url <url>',
    description: 'Check the way in from outside instead, through whatever stands in front of the running proxy',
  },
  {
    flags: '--idle <seconds>',
    description: 'With --public-url: how long a websocket without traffic must stay open',
    default: 90,
    number: wholeNumber('The time in seconds', 1, 600),
  },
  {
    flags: '--echo-address <address>',
    description: 'With --public-url: host:port of this machine where Envoy reaches the server that answers the checks',
    defaultDescription: "127.0.0.1, or for external Envoys this machine's first address",
  },
] as const satisfies readonly OptionSpec[]

type DoctorOptions = OptionValues<typeof OPTIONS>

export const doctor: Subcommand<typeof OPTIONS> = {
  name: 'doctor',
  description: 'check a start with these options, or the proxy that runs with them, and say what to do',
  options: OPTIONS,
  note:
    'It changes nothing, but for a temporary route with --public-url. Exit status: 0 all is well, 1 something is fatal, ' +
    '2 something is to be mended or not known.',
  async run(own, values) {
    const env = { ...process.env }
    // Programs that are started, such as Envoy, don't need them.
    for (const name of SECRETS) delete process.env[name]
    const only = own.only?.split(',') ?? []
    const { publicUrl } = own
    const report =
      publicUrl === undefined
        ? await examineStart(await subjectOf(values, env), only)
        : await examineOutside(await subjectOf(values, env), { ...own, publicUrl }, only)
    process.stdout.write(own.output === 'json' ? asJson(report) : asText(report))
    return exitStatusOf(report.results)
  },
}

async function examineStart(subject: Subject, only: readonly string[]): Promise<Report> {
  const checks = chosen(START_CHECKS, only)
  return { subject: await describeSubject(subject), results: await examine(subject, checks) }
}

async function examineOutside(
  subject: Subject,
  { publicUrl, idle, echoAddress }: DoctorOptions & { readonly publicUrl: string },
  only: readonly string[],
): Promise<Report> {
  const checks = chosen(OUTSIDE_CHECKS, only)
  const options = {
    ...{ publicUrl, idleMs: idle * 1000 },
    echoAddress: echoAddress === undefined ? undefined : parseHostPort('--echo-address', echoAddress),
  }
  if (checks.some(({ code }) => code === IDLE_WEBSOCKET.code)) {
    process.stderr.write(`This takes ${idle} s, while a websocket is left idle ...\n`)
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.once(signal, () => stop.abort())
  return withVisit(subject, options, stop.signal, async (visit) => ({
    subject: `The way from ${visit.url.origin} to the proxy, with a temporary route to ${visit.echoAt}`,
    results: await examine(visit, checks),
  }))
}
