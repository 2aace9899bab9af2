import t from 'tap'

t.test("README's options are those that the command has", async (t) => {
  const docs = (await import(new URL('../../../scripts/docs.mjs', import.meta.url).href)) as {
    readme(): { current: string; wanted: string }
  }
  const { current, wanted } = docs.readme()
  t.equal(current, wanted, 'if not, run `npm run docs`')
})
