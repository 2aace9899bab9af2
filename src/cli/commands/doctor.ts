import { chosen, describeSubject, examine } from '../../doctor/examine.js'
import { subjectOf } from '../../doctor/model/subject.js'
import { asJson, asText, exitStatusOf } from '../../doctor/report.js'
import { START_CHECKS } from '../../doctor/start-checks.js'
import type { OptionSpec } from '../../settings/option.js'
import { PASSPHRASES } from '../../settings/tls-files.js'
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
] as const satisfies readonly OptionSpec[]

export const doctor: Subcommand<typeof OPTIONS> = {
  name: 'doctor',
  description: 'check a start with these options, or the proxy that runs with them, and say what to do',
  options: OPTIONS,
  note: 'It changes nothing. Exit status: 0 all is well, 1 something is fatal, 2 something is to be mended or not known.',
  async run({ only, output }, values) {
    const env = { ...process.env }
    // Programs that are started, such as Envoy, don't need them.
    for (const name of ['CONFIGPROXY_AUTH_TOKEN', ...Object.values(PASSPHRASES)]) delete process.env[name]
    const checks = chosen(START_CHECKS, only?.split(',') ?? [])
    const subject = await subjectOf(values, env)
    const report = { subject: await describeSubject(subject), results: await examine(subject, checks) }
    process.stdout.write(output === 'json' ? asJson(report) : asText(report))
    return exitStatusOf(report.results)
  },
}
