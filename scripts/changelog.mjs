// `npm run changelog`: shows what the fragments in changelog.d/ say about the next release. With `-- --release` it moves
// them into CHANGELOG.md, below the version in package.json.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './setup.mjs'

const FRAGMENTS = join(root, 'changelog.d')
const CHANGELOG = join(root, 'CHANGELOG.md')
/** Releases follow this line, the newest first. */
const MARK = '<!-- releases -->\n'
const TITLES = { breaking: 'Breaking', new: 'New', fixed: 'Fixed' }

/** The fragments as they are, by name. */
export function readFragments() {
  const names = readdirSync(FRAGMENTS).filter((name) => name !== 'README.md')
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(FRAGMENTS, name), 'utf8')]))
}

/**
 * The part of the changelog that fragments make, sorted by what they mean for operators and then by name.
 *
 * @throws if one has a name of another form, or no text
 */
export function gather(fragments, version, date) {
  const entries = { breaking: [], new: [], fixed: [] }
  for (const [name, text] of Object.entries(fragments).sort()) {
    const [, kind] = /^[a-z0-9-]+\.(breaking|new|fixed)\.md$/.exec(name) ?? []
    if (kind === undefined)
      throw new Error(`changelog.d/${name} is not named WHAT.breaking.md, WHAT.new.md or WHAT.fixed.md`)
    if (text.trim() === '') throw new Error(`changelog.d/${name} says nothing`)
    // What follows the first line belongs to the same entry of the list.
    entries[kind].push(`- ${text.trim().replaceAll('\n', '\n  ')}`)
  }
  const parts = Object.entries(entries).filter(([, list]) => list.length > 0)
  const sections = parts.map(([kind, list]) => `### ${TITLES[kind]}\n\n${list.join('\n')}\n`)
  return [`## ${version} (${date})\n`, ...sections].join('\n')
}

/** The changelog with a release added. */
export function withRelease(changelog, release, version) {
  if (!changelog.includes(MARK)) throw new Error(`CHANGELOG.md lacks the line ${MARK.trim()}`)
  if (changelog.includes(`\n## ${version} (`)) throw new Error(`CHANGELOG.md has ${version} already`)
  return changelog.replace(MARK, () => `${MARK}\n${release}`)
}

function main() {
  const fragments = readFragments()
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const release = gather(fragments, version, new Date().toISOString().slice(0, 10))
  if (!process.argv.includes('--release')) return console.log(release)
  if (Object.keys(fragments).length === 0) throw new Error('There is nothing in changelog.d/ to release.')
  writeFileSync(CHANGELOG, withRelease(readFileSync(CHANGELOG, 'utf8'), release, version))
  for (const name of Object.keys(fragments)) rmSync(join(FRAGMENTS, name))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main()
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
