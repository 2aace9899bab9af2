// `npm run screenshots`: takes the pictures of docs/status.md, of a proxy that is made up. Needs Debian's chromium.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { root, setUp } from './setup.mjs'

await setUp()
const { madeUpSite, TOKEN } = await import('../build/test/status/made-up-site.js')
const { CLASSROOM, TROUBLE } = await import('../build/test/status/scenes.js')
const { startChromium } = await import('../build/test/support/chromium.js')

const WIDE = { viewport: { width: 1100, height: 700 } }
const PHONE = { viewport: { width: 390, height: 720 }, colorScheme: 'dark' }

const PICTURES = [
  { name: 'overview', scene: CLASSROOM, view: '/status', options: WIDE },
  { name: 'trouble', scene: TROUBLE, view: '/status', options: PHONE },
  { name: 'routes', scene: CLASSROOM, view: '/status/routes?filter=user&sort=active&order=desc', options: WIDE },
  { name: 'explain', scene: TROUBLE, view: '/status/explain?path=/user/bob/lab', options: PHONE },
]

const directory = join(root, 'docs', 'images')
await mkdir(directory, { recursive: true })
const browser = await startChromium()
for (const { name, scene, view, options } of PICTURES) {
  const app = await madeUpSite(scene)
  const page = await (await browser.newContext(options)).newPage()
  await page.goto((await app.listen()) + view)
  await page.getByLabel('Token').fill(TOKEN)
  await page.keyboard.press('Enter')
  await page.locator('nav').first().waitFor()
  await page.screenshot({ path: join(directory, `status-${name}.png`) })
  await app.close()
}
await browser.close()
