import { pino } from 'pino'
import t from 'tap'
import { EtcdStore } from '../../src/store/etcd/store.js'
import { everyStore, lastingStore } from '../store/contract.js'
import { join, route, sharedStore } from '../store/shared-contract.js'
import { Etcd } from '../support/etcd.js'
import { without } from '../support/installed.js'
import { put } from '../support/store.js'

const skip = await without('etcd', 'etcd-server')

t.test('routes in a real etcd', { skip }, async (t) => {
  const etcd = await Etcd.start(t)
  let stores = 0
  /** Opens one set of routes again and again. */
  const make = async (lines: string[] = []) => {
    stores += 1
    const name = `store-${stores}`
    const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line).msg) })
    return () => EtcdStore.open({ connection: etcd.connection, name, hostRouting: true, log })
  }
  everyStore(t, 'etcd', () => make())
  lastingStore(t, 'etcd', () => make())
  sharedStore(t, 'etcd', () => make())

  t.test('a key that is damaged or foreign is skipped, named in the log, and stays', async (t) => {
    const lines: string[] = []
    const open = await make(lines)
    const store = await open()
    t.teardown(() => store.close())
    await put(store, route('/good'))
    const prefix = `/configurable-envoy-proxy/store-${stores}/`
    const bad = {
      '/bad': '{',
      '/other': JSON.stringify(route('/good')),
      '/foreign': 'hello',
      '/poor': '{"routespec":1}',
    }
    for (const [key, value] of Object.entries(bad)) await etcd.put(`${prefix}routes${key}`, value)
    t.strictSame(await store.load(), [route('/good')])
    t.match(lines.sort(), [
      /Skipped the key .*routes\/bad: .*JSON/,
      /Skipped the key .*routes\/foreign: .*JSON/,
      /Skipped the key .*routes\/other: it has the route \/good/,
      /Skipped the key .*routes\/poor: its route has no routespec/,
    ])
    t.equal(await etcd.get(`${prefix}routes/bad`), '{')
    await put(store, route('/bad'))
    t.match(await etcd.get(`${prefix}routes/bad`), /target/, 'a POST of the route mends it')
  })

  t.test('what is damaged or foreign beside the routes keeps nobody waiting', async (t) => {
    const lines: string[] = []
    const open = await make(lines)
    const store = await open()
    t.teardown(() => store.close())
    const prefix = `/configurable-envoy-proxy/store-${stores}/`
    await etcd.put(`${prefix}members/somebody`, 'hello')
    await etcd.put(`${prefix}activity/0`, '{')
    await etcd.put(`${prefix}activity/x`, 'hello')
    const me = await join(store)
    await put(store, route('/a'))
    t.strictSame(await store.members.list(), [me], 'no member without a lease')
    t.match(lines, [/Skipped the key .*members\/somebody: it has no lease/])
    await store.storeActivity([{ ...route('/a'), lastActivity: new Date('2026-03-01') }], new Date('2026-02-01'))
    t.match(await store.load(), [{ lastActivity: new Date('2026-03-01') }], 'times of activity are written anew')
    t.equal(await etcd.get(`${prefix}members/somebody`), 'hello')
  })
})
