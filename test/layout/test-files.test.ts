import t from 'tap'

interface Import {
  readonly from: string
  readonly to: string
}

const { testFiles, testsAt, unitTests } = (await import(
  new URL('../../../scripts/test-files.mjs', import.meta.url).href
)) as {
  testFiles(): string[]
  testsAt(path: string, from?: string): string[]
  unitTests(tests?: readonly string[], imports?: readonly Import[], starts?: (name: string) => boolean): string[]
}

t.test('a path names a test, by its source or its compiled form, or those of a directory', async (t) => {
  t.strictSame(testsAt('test/xds/server.test.ts'), ['xds/server.test.ts'])
  t.strictSame(testsAt('build/test/xds/server.test.js'), ['xds/server.test.ts'])
  t.strictSame(
    testsAt('test/xds/'),
    testFiles().filter((name) => name.startsWith('xds/')),
  )
  t.strictSame(testsAt('test'), testFiles())
})

t.test('a path may start from where npm was started', async (t) => {
  const here = new URL('../../../test/xds', import.meta.url).pathname
  t.strictSame(testsAt('server.test.ts', here), ['xds/server.test.ts'])
})

t.test('a path at which there is no test names none', async (t) => {
  for (const path of ['test/none', 'test/support', 'test/xds/server', 'src/xds', '..']) t.strictSame(testsAt(path), [])
})

t.test('a unit test is one that starts no program, by nothing that it imports', async (t) => {
  const imports = [
    { from: 'a.test.ts', to: 'support/world.ts' },
    { from: 'b.test.ts', to: 'support/home.ts' },
    { from: 'support/home.ts', to: 'support/proxy.ts' },
    { from: 'support/world.ts', to: 'support/world.ts' },
  ]
  const starts = (name: string) => name === 'support/proxy.ts' || name === 'd.test.ts'
  t.strictSame(unitTests(['a.test.ts', 'b.test.ts', 'c.test.ts', 'd.test.ts'], imports, starts), [
    'a.test.ts',
    'c.test.ts',
  ])
})

t.test(
  'those of the whole control plane in one process are unit tests, those of a running proxy are not',
  async (t) => {
    const tests = unitTests()
    t.ok(tests.includes('features/start.test.ts'))
    t.notOk(tests.includes('traffic/traffic.test.ts'))
  },
)
