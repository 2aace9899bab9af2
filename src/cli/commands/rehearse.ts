import { join } from 'node:path'
import { incidentsText } from '../../rehearse/incidents/all.js'
import type { Rehearsal } from '../../rehearse/record.js'
import { prepareReport, REPORT_FILES, writeReport } from '../../rehearse/report/write.js'
import { LiveFigures } from '../../rehearse/run/live.js'
import { profilesText, REHEARSAL_OPTIONS, readRehearsalSettings } from '../../rehearse/run/options.js'
import { ownCostText } from '../../rehearse/run/own-cost.js'
import { rehearse as runRehearsal } from '../../rehearse/run/rehearse.js'
import type { RehearsalSettings } from '../../rehearse/run/settings.js'
import { sizingText } from '../../rehearse/verdict/sizing.js'
import { THRESHOLD_OPTIONS } from '../../rehearse/verdict/thresholds.js'
import { judge, verdictText } from '../../rehearse/verdict/verdict.js'
import type { OptionSpec } from '../../settings/option.js'
import { compareRehearsals } from './rehearse-compare.js'
import type { Subcommand } from './subcommand.js'

const OPTIONS = [
  ...REHEARSAL_OPTIONS,
  {
    flags: '--report <directory>',
    description: 'Write the report there: report.html for people, rehearsal.json for programs',
    defaultDescription: 'none',
  },
  ...THRESHOLD_OPTIONS,
] as const satisfies readonly OptionSpec[]

export const rehearse: Subcommand<typeof OPTIONS> = {
  name: 'rehearse',
  description: 'play a class of users against a proxy or a hub, with incidents, and say whether it holds',
  options: OPTIONS,
  subcommands: [compareRehearsals],
  note:
    `The profiles:\n${profilesText()}\n\nThe incidents:\n${incidentsText()}\n\n` +
    'The token of a proxy of --proxy-url is taken from CONFIGPROXY_AUTH_TOKEN, that of a hub from JUPYTERHUB_API_TOKEN.\n' +
    "Ctrl-C ends it early, with a report. Exit status: 0 passed, 1 failed, 2 can't be judged.",
  async run(own) {
    const settings = readRehearsalSettings(own, process.env)
    if (own.report !== undefined && (await prepareReport(own.report))) {
      process.stderr.write(`${own.report} has the report of an earlier rehearsal: this one will replace it\n`)
    }
    const rehearsal = await rehearsed(settings)
    const verdict = judge(rehearsal, own)
    process.stdout.write(`${verdictText(verdict)}\n`)
    if (own.report !== undefined) await writeReport(own.report, rehearsal, verdict)
    const sizing = sizingText(rehearsal)
    if (sizing !== undefined) process.stdout.write(`${sizing}\n`)
    process.stdout.write(`${ownCostText(rehearsal)}\n`)
    if (own.report !== undefined) process.stdout.write(`The report is in ${join(own.report, REPORT_FILES.html)}.\n`)
    return verdict.status
  },
}

/** The status of a program that Ctrl-C has ended, as shells have it. */
const INTERRUPTED = 130

/** Until it is over, or somebody ends it; a second signal ends it at once. */
async function rehearsed(settings: RehearsalSettings): Promise<Rehearsal> {
  const over = new AbortController()
  // A terminal that is closed takes nothing any more; the report is written all the same.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const live = new LiveFigures(process.stderr)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // What was started is ended on any exit.
      if (over.signal.aborted) process.exit(INTERRUPTED)
      live.onNote('Ending it; this takes some seconds. A second signal ends it at once')
      over.abort()
    })
  }
  try {
    return await runRehearsal(settings, live, over.signal)
  } finally {
    live.end()
  }
}
