import { existsSync, readFileSync } from 'node:fs'
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

t.test('files that the documents name exist', async (t) => {
  const root = new URL('../../../', import.meta.url)
  const documents = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md']
  for (const name of documents.filter((document) => existsSync(new URL(document, root)))) {
    const text = readFileSync(new URL(name, root), 'utf8')
    const paths = [...text.matchAll(/`((?:src|test|envoy|docs|bench|scripts)\/[\w./-]+)`/g)].flatMap(
      ([, path]) => path ?? [],
    )
    for (const path of paths) t.ok(existsSync(new URL(path, root)), `${name} names ${path}`)
  }
})
