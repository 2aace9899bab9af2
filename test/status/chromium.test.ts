import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import t from 'tap'
import { barriers, startChromium } from '../support/chromium.js'
import { without } from '../support/installed.js'
import { eventually } from '../support/wait.js'
import type { MadeUp, MadeUpSite } from './made-up-site.js'
import { madeUpSite, route, TOKEN } from './made-up-site.js'
import { TROUBLE, TWO_CONTROL_PLANES } from './scenes.js'
import { factsOf } from './status-facts.js'

const skip = await without('chromium', 'chromium')

const ROUTES = [
  route('/', { target: 'http://127.0.0.1:8081' }),
  ...Array.from({ length: 10_000 }, (_, index) => route(`/user/student${index}`, { user: `student${index}` }, index)),
]

/** Runs with a site, at its address, and closes it. */
async function withSite(options: MadeUp, use: (base: string, app: MadeUpSite) => Promise<void>): Promise<void> {
  const app = await madeUpSite({ routes: ROUTES, ...options })
  try {
    await use(await app.listen(), app)
  } finally {
    await app.close()
  }
}

let browser: Browser

/** Opens a view in a browser of its own, and shows the token. */
async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage()
  page.setDefaultTimeout(20_000)
  await page.goto(url)
  await page.getByLabel('Token').fill(TOKEN)
  await page.getByRole('button', { name: 'Show the status' }).click()
  return page
}

/** Colours depend on the one, and the layout on the other. */
const EVERYWHERE: readonly BrowserContextOptions[] = [
  { colorScheme: 'light', viewport: { width: 1200, height: 800 } },
  { colorScheme: 'dark', viewport: { width: 360, height: 640 } },
]

t.test('the status page in a browser', { skip }, async (t) => {
  browser = await startChromium()
  t.teardown(() => browser.close())

  await t.test('who has shown the token sees the view that was asked for', async (t) => {
    await withSite({}, async (base) => {
      const page = await open(`${base}/status/routes?filter=student12`)
      await page.getByRole('heading', { name: /111 of 10,001 routes/ }).waitFor()
      t.notMatch(page.url(), TOKEN)
      await page.getByRole('button', { name: 'Log out' }).click()
      await page.getByLabel('Token').waitFor()
      t.match(page.url(), /\/status$/)
    })
  })

  await t.test('a wrong token is refused in words', async (t) => {
    await withSite({}, async (base) => {
      const page = await (await browser.newContext()).newPage()
      await page.goto(`${base}/status`)
      await page.getByLabel('Token').fill('wrong')
      await page.keyboard.press('Enter')
      t.match(await page.getByRole('alert').textContent(), /not the proxy's token/)
    })
  })

  await t.test('without scripts: search, sort, filter and pages work', async (t) => {
    await withSite({}, async (base) => {
      const page = await open(`${base}/status`, { javaScriptEnabled: false })
      await page.getByLabel('Its path or address').fill('/user/student5/lab?token=1')
      await page.getByRole('button', { name: 'Explain' }).click()
      t.equal(await page.locator('.verdict .word').textContent(), 'Reachable')
      await page.getByRole('link', { name: 'Routes' }).click()
      const first = () => page.locator('tbody tr').first().getByRole('link').textContent()
      t.equal(await first(), '/')
      await page.getByRole('link', { name: 'Last active' }).click()
      t.equal(await page.locator('th[aria-sort=descending]').textContent(), 'Last active')
      await page.getByRole('link', { name: 'Last', exact: true }).click()
      t.equal(await first(), '/user/student9999', 'of the last page')
      await page.getByLabel('Show routes with').fill('student77')
      await page.getByRole('button', { name: 'Show' }).click()
      t.equal(await page.locator('#table').textContent(), '111 of 10,001 routes, page 1 of 3')
    })
  })

  await t.test('all is reached by the keyboard, in the order in which it is read', async (t) => {
    await withSite({}, async (base) => {
      const page = await open(`${base}/status`)
      await page.locator('#figures').waitFor()
      const reached: string[] = []
      for (let count = 0; count < 6; count += 1) {
        await page.keyboard.press('Tab')
        const focused = page.locator(':focus')
        reached.push((await focused.textContent()) || String(await focused.getAttribute('id')))
      }
      t.strictSame(reached, ['Skip to the content', 'Overview', 'Routes', 'Log out', 'path', 'Explain'])
      await page.locator('#path').focus()
      await page.keyboard.type('/user/student5')
      await page.keyboard.press('Enter')
      await page.getByRole('status').waitFor()
      t.match(page.url(), /explain\?path=%2Fuser%2Fstudent5/)
    })
  })

  await t.test('nothing keeps anybody from using any view, light or dark, wide or narrow', async (t) => {
    await withSite(TROUBLE, async (base) => {
      for (const options of EVERYWHERE) {
        const what = `${options.colorScheme}, ${options.viewport?.width} pixels`
        const page = await (await browser.newContext({ ...options, bypassCSP: true })).newPage()
        await page.goto(`${base}/status`)
        t.strictSame(await barriers(page), [], `login, ${what}`)
        await page.getByLabel('Token').fill(TOKEN)
        await page.keyboard.press('Enter')
        await page.locator('#figures').waitFor()
        for (const view of ['/status', '/status/routes?sort=state&size=20', '/status/explain?path=/user/bob/lab']) {
          await page.goto(base + view)
          t.strictSame(await barriers(page), [], `${view}, ${what}`)
          const sideways = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
          t.ok(sideways <= 0, `${view} is not wider than the screen, ${what}`)
        }
        await page.context().close()
      }
    })
  })

  await t.test('the control planes over one store can be read by everybody, too', async (t) => {
    await withSite(TWO_CONTROL_PLANES, async (base) => {
      for (const options of EVERYWHERE) {
        const what = `${options.colorScheme}, ${options.viewport?.width} pixels`
        const page = await open(`${base}/status`, { ...options, bypassCSP: true })
        const card = page.getByRole('region', { name: 'Control planes' })
        await card.getByText('this one').waitFor()
        t.equal(await card.locator('dl.facts').count(), 2)
        t.match(await card.textContent(), /fenced[\s\S]*Lost their place[\s\S]*has not acknowledged/)
        t.strictSame(await barriers(page), [], what)
        const sideways = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        t.ok(sideways <= 0, `not wider than the screen, ${what}`)
        await page.context().close()
      }
    })
  })

  await t.test('what is wrong and what to do is seen without scrolling, on a phone', async (t) => {
    await withSite(TROUBLE, async (base) => {
      const page = await open(`${base}/status`, { viewport: { width: 360, height: 640 } })
      const box = await page.locator('.verdict').boundingBox()
      t.match(
        await page.locator('.verdict').textContent(),
        /Users are affected[\s\S]*certificate[\s\S]*expired[\s\S]*Do now/,
      )
      t.ok(box !== null && box.y + box.height < 640)
    })
  })

  await t.test('it keeps itself fresh, and says so when the control plane no longer answers', async (t) => {
    let facts = factsOf()
    await withSite({ factsNow: () => facts }, async (base, app) => {
      const page = await (await browser.newContext()).newPage()
      await page.clock.install()
      await page.goto(`${base}/status`)
      await page.getByLabel('Token').fill(TOKEN)
      await page.keyboard.press('Enter')
      await page.locator('.verdict.green').waitFor()
      facts = TROUBLE.facts ?? facts
      await page.clock.fastForward(11_000)
      await page.locator('.verdict.red').waitFor()
      t.match(await page.title(), /Users are affected/)
      await app.close()
      await page.clock.fastForward(11_000)
      await eventually(async () => page.locator('#stale').isVisible(), 'it says that it is old')
      t.match(await page.locator('#stale').textContent(), /has not answered for \d+ seconds/)
    })
  })
})
