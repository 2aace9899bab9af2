import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { inheritsBind } from '../../src/doctor/checks/low-ports.js'
import { memoryGroupOf } from '../../src/doctor/facts/cgroup.js'
import { openFileLimit } from '../../src/doctor/facts/machine.js'
import { listeningSockets } from '../../src/doctor/facts/ports.js'
import { temporaryDirectory } from '../support/directory.js'

/** Files of the kernel, in a directory that stands for the root. */
async function kernel(
  t: Parameters<typeof temporaryDirectory>[0],
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const root = await temporaryDirectory(t)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return root
}

t.test('the memory of a control group of version 2 is the least limit of it and those above', async (t) => {
  const root = await kernel(t, {
    'proc/7/cgroup': '0::/system.slice/proxy.service\n',
    'proc/7/mountinfo': '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n',
    'sys/fs/cgroup/system.slice/memory.max': '1000000000\n',
    'sys/fs/cgroup/system.slice/proxy.service/memory.max': 'max\n',
    'sys/fs/cgroup/system.slice/proxy.service/memory.events': 'low 0\nhigh 0\nmax 3\noom 2\noom_kill 2\n',
  })
  t.strictSame(memoryGroupOf(7, root), { limit: 1_000_000_000, kills: 2 })
})

t.test('of version 1, in a container that sees its own group alone', async (t) => {
  const root = await kernel(t, {
    'proc/7/cgroup': '5:cpu,cpuacct:/docker/ab\n4:memory:/docker/ab\n0::/\n',
    'proc/7/mountinfo':
      '40 30 0:35 /docker/ab /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n' +
      '41 30 0:36 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '536870912\n',
    'sys/fs/cgroup/memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n',
  })
  t.strictSame(memoryGroupOf(7, root), { limit: 536_870_912, kills: 0 })
})

t.test('without a limit or a group there is none', async (t) => {
  const unlimited = await kernel(t, {
    'proc/7/cgroup': '4:memory:/\n',
    'proc/7/mountinfo': '41 30 0:36 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
  })
  t.strictSame(memoryGroupOf(7, unlimited), { limit: undefined, kills: undefined })
  t.strictSame(memoryGroupOf(7, await kernel(t, {})), { limit: undefined, kills: undefined })
})

t.test('what listens on a port', async (t) => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0
   1: 0100007F:1F40 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0
   2: 0100007F:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0`
  t.strictSame(listeningSockets(table, 8000), ['socket:[4711]'])
  t.strictSame(listeningSockets('', 8000), [])
})

t.test('the right to low ports that programs inherit, and the hard limit of open files', async (t) => {
  const status = 'CapEff:\t0000000000000400\nCapAmb:\t0000000000000000\n'
  t.equal(inheritsBind(status, true), true)
  t.equal(inheritsBind(status, false), false, 'a capability of node alone')
  t.equal(inheritsBind('CapEff:\t0000000000000000\nCapAmb:\t0000000000000400\n', false), true)
  t.equal(openFileLimit('Max open files            1024                 4096                 files\n'), 4096)
  t.equal(
    openFileLimit('Max open files            1024                 unlimited            files\n'),
    Number.POSITIVE_INFINITY,
  )
})
