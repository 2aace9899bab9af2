import { isDeepStrictEqual } from 'node:util'
import type { MessageTypeDefinition } from '@grpc/proto-loader'
import fc from 'fast-check'
import t from 'tap'
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryRequest__Output,
} from '#proto/envoy/service/discovery/v3/DeltaDiscoveryRequest.js'
import { ResourceCollection } from '../../src/xds/collection.js'
import { decodeRequest, Listing, nameOf, versionOf } from '../../src/xds/listing.js'
import { definitions } from '../../src/xds/messages.js'

const REQUEST = definitions['envoy.service.discovery.v3.DeltaDiscoveryRequest'] as MessageTypeDefinition<
  DeltaDiscoveryRequest,
  DeltaDiscoveryRequest__Output
>

const name = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }), fc.constantFrom('a', 'b', 'r:/é'))
const versions = fc.dictionary(name, fc.constantFrom('', '1', '2', 'a-longer-version'), {
  maxKeys: 20,
  noNullPrototype: true,
})

t.test('a request is read as its definition says, whatever the order of its fields', async () => {
  const parts = fc.array(
    fc.oneof(
      fc.record({ initial_resource_versions: versions }),
      fc.record({ resource_names_subscribe: fc.array(name, { maxLength: 3 }) }),
      fc.record({ type_url: name, response_nonce: name }),
      fc.record({ node: fc.record({ id: name, cluster: name }) }),
    ),
    { maxLength: 6 },
  )
  fc.assert(
    fc.property(parts, (parts) => {
      const bytes = Buffer.concat(parts.map((part) => REQUEST.serialize(part)))
      const { initial_resource_versions: expected, ...others } = REQUEST.deserialize(bytes)
      const { request, listing } = decodeRequest(bytes)
      const listed: Record<string, string> = {}
      for (const entry of listing.entries()) listed[nameOf(entry)] = versionOf(entry)
      return isDeepStrictEqual([request, listed], [{ ...others, initial_resource_versions: {} }, expected])
    }),
  )
})

t.test('bytes that are no request are refused', async (t) => {
  const whole = REQUEST.serialize({ initial_resource_versions: { a: '1' } })
  t.throws(() => decodeRequest(whole.subarray(0, -1)), RangeError)
  t.throws(() => decodeRequest(Buffer.from([0x2f])), /invalid wire type/)
})

t.test('the differences between a collection and what an Envoy lists are found, and no others', async () => {
  fc.assert(
    fc.property(versions, versions, versions, (before, here, listed) => {
      const collection = new ResourceCollection('a-type')
      const set = (name: string, version: string | undefined) =>
        collection.set(name, version === undefined ? undefined : { name, version, bytes: Buffer.alloc(0) })
      for (const [name, version] of Object.entries(before)) set(name, version)
      for (const name of Object.keys(before)) set(name, undefined)
      for (const [name, version] of Object.entries(here)) set(name, version)
      const names = new Set([...Object.keys(here), ...Object.keys(listed)])
      const expected = [...names].filter((name) => here[name] !== listed[name]).map((name) => [name, listed[name]])
      const found = [...collection.differences(Listing.of(listed))]
      return isDeepStrictEqual(found.sort(), expected.sort())
    }),
    { numRuns: 1_000 },
  )
})

t.test('one change among many is found', async (t) => {
  const collection = new ResourceCollection('a-type')
  const listed: Record<string, string> = {}
  for (let index = 0; index < 20_000; index += 1) {
    const name = `name-${index}`
    collection.set(name, { name, version: `version-${index}`, bytes: Buffer.alloc(0) })
    listed[name] = `version-${index}`
  }
  t.strictSame([...collection.differences(Listing.of(listed))], [])
  for (const index of [0, 7, 19_999]) {
    const name = `name-${index}`
    const version = listed[name] as string
    listed[name] = `version-${index + 1}`
    t.strictSame([...collection.differences(Listing.of(listed))], [[name, `version-${index + 1}`]])
    listed[name] = version
  }
})
