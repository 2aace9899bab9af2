import t from 'tap'
import { SECRET, TYPE_URL } from '../../src/resources/names.js'
import { ANY_ENVOYS } from '../../src/xds/wait-policy.js'
import { Authority } from '../support/certificate.js'
import { turns } from './clock.js'
import type { SimulatedEnvoy } from './envoy.js'
import { World } from './world.js'

const NAME = SECRET.publicCertificate

const authority = await Authority.make()
t.teardown(() => authority.remove())
const { keyFile, certFile } = await authority.issue()
const ARGV = ['--ssl-key', keyFile, '--ssl-cert', certFile]

/** The certificate's file holds another one, which goes by its version here. */
function replace(world: World, version: string): void {
  world.core.secrets.replace(NAME, { name: NAME, version, bytes: Buffer.from(version) })
}

/** An Envoy that has asked for the certificate and got the one of the start. */
async function envoyOf(world: World): Promise<SimulatedEnvoy> {
  const envoy = await world.envoy()
  envoy.ask(TYPE_URL.secret, NAME)
  await turns()
  return envoy
}

function refusing(...bad: string[]): SimulatedEnvoy['refuses'] {
  return (_name, version) => (bad.includes(version) ? `${version} is bad` : undefined)
}

/** The version of the certificate that an Envoy uses. */
function used(envoy: SimulatedEnvoy): string | undefined {
  return envoy.version(TYPE_URL.secret, NAME)
}

/** How many responses with a certificate it has got. */
function count(envoy: SimulatedEnvoy): number {
  return envoy.received.filter(({ type_url }) => type_url === TYPE_URL.secret).length
}

t.test('a late refusal of a certificate that has been replaced puts no old one back', async (t) => {
  const world = await World.start(t, { argv: ARGV })
  const late = await envoyOf(world)
  late.refuses = refusing('2')
  late.answers = false
  replace(world, '2')
  await turns()
  replace(world, '3')
  await turns()
  late.answers = true
  late.answerAll()
  await turns()
  t.equal(used(late), '3')
  t.equal(used(await envoyOf(world)), '3', 'and so gets an Envoy that starts now')
  const warnings = world.log.filter((line) => line.startsWith('warn'))
  t.match(warnings, [/Envoy can't use the certificate of --ssl-cert.*2 is bad.* It has been replaced since\./])
  t.equal(warnings.length, 1)
  t.equal(world.rejections.count, 1, 'the metrics count it')
})

t.test('after bad certificates one after the other, the last good one is in use', async (t) => {
  const world = await World.start(t, { argv: ARGV })
  const envoy = await envoyOf(world)
  const good = used(envoy)
  envoy.refuses = refusing('2', '3')
  envoy.answers = false
  replace(world, '2')
  await turns()
  replace(world, '3')
  envoy.answers = true
  envoy.answerAll()
  await turns()
  t.equal(used(envoy), good)
  const before = count(envoy)
  t.ok(before < 6, `after ${before} responses`)
  await world.clock.pass(60_000)
  t.equal(count(envoy), before, 'and nothing is sent round in circles')
  t.strictSame(world.refused, [], 'the proxy goes on')
  t.equal(used(await envoyOf(world)), good, 'an Envoy that starts now gets it too')
  replace(world, '4')
  await turns()
  t.equal(used(envoy), '4')
})

t.test('a certificate that comes back is sent again to an Envoy that has refused the one between', async (t) => {
  const world = await World.start(t, { argv: ARGV })
  const envoy = await envoyOf(world)
  replace(world, '1')
  await turns()
  envoy.refuses = refusing('2')
  envoy.answers = false
  replace(world, '2')
  await turns()
  replace(world, '1')
  await turns()
  const before = count(envoy)
  envoy.answers = true
  envoy.answerAll()
  await turns()
  t.equal(count(envoy), before + 1, 'for who asks next Envoy has the one that it refused, until it is told anew')
  t.match(envoy.received.at(-1)?.resources, [{ name: NAME, version: '1' }])
  t.equal(used(envoy), '1')
})

t.test('what one Envoy takes and another refuses is in use by neither', async (t) => {
  const world = await World.start(t, { argv: ARGV, waitPolicy: ANY_ENVOYS })
  const [taking, refuses] = [await envoyOf(world), await envoyOf(world)]
  const good = used(taking)
  refuses.refuses = refusing('2')
  refuses.answers = false
  replace(world, '2')
  await turns()
  t.equal(used(taking), '2')
  refuses.answers = true
  refuses.answerAll()
  await turns()
  t.strictSame([used(taking), used(refuses)], [good, good])
})

t.test('where nothing good was there before, that is said once', async (t) => {
  const world = await World.start(t, { argv: ARGV })
  const envoy = await world.envoy()
  envoy.refuses = (name) => (name === NAME ? 'bad' : undefined)
  envoy.ask(TYPE_URL.secret, NAME)
  await world.clock.pass(60_000)
  t.match(world.refused, [/Envoy can't use the certificate of --ssl-cert.*: bad\./])
  t.equal(world.refused.length, 1)
  t.equal(count(envoy), 1)
})

t.test(
  'an Envoy that runs on is sent its certificate by the next control plane, whatever it says it has',
  async (t) => {
    const world = await World.start(t, { argv: ARGV })
    const envoy = await envoyOf(world)
    const next = await World.start(t, { argv: ARGV })
    envoy.disconnect()
    envoy.moveTo(next.core.collections)
    envoy.connect()
    await turns()
    t.equal(count(envoy), 1)
  },
)

t.test(
  'a certificate that Envoy refuses is known at once, for Envoy acknowledges it when it is sent again',
  async (t) => {
    const clientSide = ['--client-ssl-key', keyFile, '--client-ssl-cert', certFile, '--client-ssl-ca', certFile]
    const world = await World.start(t, { argv: [...ARGV, ...clientSide] })
    const envoy = await world.envoy()
    const seen = new Set<string>()
    envoy.refuses = (name, version) => {
      if (name !== NAME || seen.has(version)) return undefined
      seen.add(version)
      return 'it is bad'
    }
    const names = [NAME, SECRET.targetCertificate, SECRET.targetAuthorities]
    envoy.say({ type_url: TYPE_URL.secret, resource_names_subscribe: names })
    await turns()
    t.strictSame(world.refused, ["Envoy can't use the certificate of --ssl-cert: it is bad."])
    const secrets = envoy.received.filter(({ type_url }) => type_url === TYPE_URL.secret)
    t.strictSame(new Set(secrets.map(({ resources }) => resources?.length)), new Set([1]))
  },
)
