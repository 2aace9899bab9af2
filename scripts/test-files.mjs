// Which tests there are, which of them a path names, and which start no program.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { importsOf } from './layers.mjs'
import { root } from './setup.mjs'

const TESTS = join(root, 'test')

/** Starts `openssl` only, for the milliseconds that a certificate takes. */
const MAKES_CERTIFICATES = 'support/certificate.ts'

/** Every test, as a path within test/. */
export function testFiles() {
  const names = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.test.ts')).sort()
}

/**
 * The tests that a path stands for: that of a test, of its compiled form, or of a directory of either. None if there is
 * nothing of the kind.
 *
 * @param from the directory that the path starts from, unless it starts from the root of the clone
 */
export function testsAt(path, from = process.env.INIT_CWD ?? process.cwd()) {
  for (const base of [from, root]) {
    const [top, ...rest] = relative(root, resolve(base, path)).split(sep)
    const within = top === 'build' ? rest : [top, ...rest]
    if (within[0] !== 'test') continue
    const name = within.slice(1).join('/').replace(/\.js$/, '.ts')
    const found = testFiles().filter((test) => name === '' || test === name || test.startsWith(`${name}/`))
    if (found.length > 0) return found
  }
  return []
}

/** Where the compiled form of a test is. */
export function compiled(test) {
  return join('build', 'test', test.replace(/\.ts$/, '.js'))
}

/**
 * The tests that start no program, neither by themselves nor by what they import from test/: no Envoy, hub or backend
 * runs beside them.
 */
export function unitTests(tests = testFiles(), imports = importsOf(TESTS), starts = startsPrograms) {
  return tests.filter((test) => {
    const reached = new Set([test])
    for (const file of reached) for (const { from, to } of imports) if (from === file) reached.add(to)
    return ![...reached].some(starts)
  })
}

function startsPrograms(name) {
  const path = join(TESTS, name)
  return name !== MAKES_CERTIFICATES && existsSync(path) && readFileSync(path, 'utf8').includes("'node:child_process'")
}
