import t from 'tap'

interface Import {
  readonly from: string
  readonly to: string
}

const { layers, importsOf, violations } = (await import(
  new URL('../../../scripts/layers.mjs', import.meta.url).href
)) as {
  layers(): string[]
  importsOf(): Import[]
  violations(imports: readonly Import[], order: readonly string[]): string[]
}

t.test('a folder imports only what is below it in ARCHITECTURE.md', async (t) => {
  const imports = importsOf()
  t.ok(imports.some(({ from, to }) => from === 'cli/start.ts' && to === 'cli/command-line.ts'))
  t.strictSame(violations(imports, layers()), [])
})

t.test('an import of what is above is named', async (t) => {
  t.strictSame(violations([{ from: 'low/a.ts', to: 'high/b.ts' }], ['high', 'low']), [
    'src/low/a.ts imports src/high/b.ts, which is above it.',
  ])
})

t.test('a file outside of all folders is named', async (t) => {
  t.strictSame(violations([{ from: 'loose.ts', to: 'low/a.ts' }], ['low']), [
    'src/loose.ts is in no folder that ARCHITECTURE.md lists.',
  ])
})

t.test('rooms of a folder that import from each other are named', async (t) => {
  const circle = [
    { from: 'a/one/x.ts', to: 'a/two/y.ts' },
    { from: 'a/two/z.ts', to: 'a/one/w.ts' },
  ]
  t.strictSame(violations(circle, ['a']), [
    'src/a/one/ imports from itself, by way of a/two.',
    'src/a/two/ imports from itself, by way of a/one.',
  ])
})
