import t from 'tap'
import { openFilesWarning } from '../../src/rehearse/run/open-files.js'

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             30000                30000                processes
Max open files            4096                 524288               files
`

t.test('more users than the open files allow are warned of, with what to do', async (t) => {
  t.match(openFilesWarning(1_000, LIMITS), /1000 users may take 15000 open files.* allows 4096: .*ulimit -n 15000/)
  t.equal(openFilesWarning(200, LIMITS), undefined)
  t.equal(
    openFilesWarning(50_000, 'Max open files            unlimited            unlimited            files'),
    undefined,
  )
  t.equal(openFilesWarning(50_000, ''), undefined)
  t.equal(openFilesWarning(1), undefined, 'this process has enough for one')
})
