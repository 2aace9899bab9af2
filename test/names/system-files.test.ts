import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { candidates, ParsedFile, parseHosts, parseResolvConf } from '../../src/names/system-files.js'

t.test('hosts(5): any name of a line, in any case, and all lines of a name', async (t) => {
  const hosts = parseHosts(
    '127.0.0.1\tlocalhost # me\n\n::1 localhost ip6-localhost\n10.0.0.1 Alice alice.hub\n#10.0.0.2 bob\nnonsense carol\n' +
      'fe80::1%eth0 zone\n10.0.0.1 alice\n',
  )
  t.strictSame(hosts.get('localhost'), ['127.0.0.1', '::1'])
  t.strictSame(hosts.get('alice'), ['10.0.0.1'])
  t.strictSame(hosts.get('alice.hub'), ['10.0.0.1'])
  for (const name of ['bob', 'carol', 'zone', 'me']) t.equal(hosts.get(name), undefined, name)
})

t.test('resolv.conf(5): servers, the last search list, and ndots', async (t) => {
  t.strictSame(parseResolvConf(''), { servers: ['127.0.0.1'], search: [], ndots: 1 })
  const text =
    'domain old.test\n; a comment\nnameserver 10.96.0.10\nnameserver name\nnameserver fd00::53\n' +
    'search a.test. b.test\noptions timeout:2 ndots:5 rotate\n'
  t.strictSame(parseResolvConf(text), { servers: ['10.96.0.10', 'fd00::53'], search: ['a.test', 'b.test'], ndots: 5 })
  t.equal(parseResolvConf('options ndots:99').ndots, 15)
})

t.test(
  'a short name is searched for first, a long one tried as it is first, and one with a dot at its end only so',
  async (t) => {
    const conf = { servers: [], search: ['a.test', 'b.test'], ndots: 2 }
    t.strictSame(candidates('hub', conf), ['hub.a.test', 'hub.b.test', 'hub'])
    t.strictSame(candidates('x.y.z', conf), ['x.y.z', 'x.y.z.a.test', 'x.y.z.b.test'])
    t.strictSame(candidates('hub.', conf), ['hub.'])
  },
)

t.test('a file is read again when it has changed, and counts as empty when it is gone', async (t) => {
  const path = join(tmpdir(), `cep-hosts-${process.pid}`)
  t.teardown(() => rm(path, { force: true }))
  const file = new ParsedFile(path, (text) => text.trim())
  t.equal(await file.read(), '')
  await writeFile(path, 'one')
  t.equal(await file.read(), 'one')
  await writeFile(path, 'other')
  t.equal(await file.read(), 'other')
  await rm(path)
  t.equal(await file.read(), '')
})
