import t from 'tap'

interface Document {
  readonly name: string
  readonly current: string
  readonly wanted: string
}

t.test('what the documents take from the code is as the code has it', async (t) => {
  const docs = (await import(new URL('../../../scripts/docs.mjs', import.meta.url).href)) as {
    documents(): readonly Document[]
  }
  for (const { name, current, wanted } of docs.documents())
    t.equal(current, wanted, `${name}; if not, run \`npm run docs\``)
})
