import t from 'tap'

const { gather, readFragments, withRelease } = (await import(
  new URL('../../../scripts/changelog.mjs', import.meta.url).href
)) as {
  gather(fragments: Readonly<Record<string, string>>, version: string, date: string): string
  readFragments(): Record<string, string>
  withRelease(changelog: string, release: string, version: string): string
}

t.test('fragments are sorted into breaking, new and fixed, and by name', async (t) => {
  const fragments = {
    'z.new.md': 'The second.\n',
    'a.new.md': 'The first,\nin two lines.\n',
    'b.fixed.md': 'A fault.',
    'c.breaking.md': 'Do this.',
  }
  t.equal(
    gather(fragments, '2.0.0', '2030-01-02'),
    '## 2.0.0 (2030-01-02)\n\n' +
      '### Breaking\n\n- Do this.\n\n' +
      '### New\n\n- The first,\n  in two lines.\n- The second.\n\n' +
      '### Fixed\n\n- A fault.\n',
  )
})

t.test('a fragment with another name, or that says nothing, is named', async (t) => {
  t.throws(() => gather({ 'a.md': 'x' }, '1.0.0', ''), { message: /changelog\.d\/a\.md is not named/ })
  t.throws(() => gather({ 'a.changed.md': 'x' }, '1.0.0', ''), { message: /a\.changed\.md is not named/ })
  t.throws(() => gather({ 'a.new.md': '\n' }, '1.0.0', ''), { message: /a\.new\.md says nothing/ })
})

t.test('a release goes above the ones before it, once', async (t) => {
  const first = withRelease('# Changelog\n\n<!-- releases -->\n', '## 1.0.0 (then)\n', '1.0.0')
  const second = withRelease(first, '## 1.0.1 (now)\n', '1.0.1')
  t.equal(second, '# Changelog\n\n<!-- releases -->\n\n## 1.0.1 (now)\n\n## 1.0.0 (then)\n')
  t.throws(() => withRelease(second, '## 1.0.0 (now)\n', '1.0.0'), { message: /has 1\.0\.0 already/ })
})

t.test('the fragments that wait for the next release can be gathered', async (t) => {
  t.doesNotThrow(() => gather(readFragments(), '0.0.0', ''))
})
