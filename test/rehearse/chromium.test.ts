import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { comparisonPage } from '../../src/rehearse/report/compare.js'
import { readStyle, writeReport } from '../../src/rehearse/report/write.js'
import { judge } from '../../src/rehearse/verdict/verdict.js'
import { barriers, startChromium } from '../support/chromium.js'
import { without } from '../support/installed.js'
import { badDay } from './bad-day.js'
import { madeUpRehearsal } from './made-up-rehearsal.js'

const skip = await without('chromium', 'chromium')

t.test(
  'nothing keeps anybody from reading a report, light or dark, wide or narrow, without scripts',
  { skip },
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
    t.teardown(() => rm(directory, { recursive: true }))
    const [bad, good] = [badDay(), madeUpRehearsal()]
    await writeReport(directory, bad, judge(bad))
    const pair = [
      { ...bad, verdict: judge(bad) },
      { ...good, verdict: judge(good) },
    ] as const
    await writeFile(join(directory, 'compare.html'), comparisonPage(pair, await readStyle()))
    const browser = await startChromium()
    t.teardown(() => browser.close())
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1200, 360]) {
        const context = await browser.newContext({ colorScheme, viewport: { width, height: 700 } })
        const page = await context.newPage()
        const asked: string[] = []
        page.on('request', (request) => asked.push(request.url()))
        for (const name of ['report.html', 'compare.html']) {
          const what = `${name}, ${colorScheme}, ${width} pixels`
          await page.goto(`file://${directory}/${name}`)
          t.strictSame(await barriers(page), [], what)
          const sideways = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
          t.ok(sideways <= 0, `${what}: not wider than the screen`)
          const box = await page.locator('figure.chart svg').first().boundingBox()
          t.ok(box !== null && box.width > width / 4 && box.height > 100, `${what}: a plot has room`)
        }
        t.ok(
          asked.every((url) => url.startsWith('file://')),
          'it asks nobody for anything',
        )
        await context.close()
      }
    }
  },
)
