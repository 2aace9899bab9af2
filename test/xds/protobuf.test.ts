import { readdirSync } from 'node:fs'
import type { MessageTypeDefinition, PackageDefinition } from '@grpc/proto-loader'
import { loadSync } from '@grpc/proto-loader'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { loadDefinitions } from '../../src/xds/protobuf.js'

const DIRECTORY = `${PACKAGE_ROOT}proto`
const FILES = readdirSync(DIRECTORY, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.proto'))

/** As the types of proto/ are made. */
const OPTIONS = { includeDirs: [DIRECTORY], keepCase: true, longs: String, enums: String, defaults: true }

const ours = loadDefinitions(FILES, DIRECTORY)
const theirs = loadSync(FILES, OPTIONS)

function message(definitions: PackageDefinition, name: string): MessageTypeDefinition<object, object> {
  return definitions[name] as MessageTypeDefinition<object, object>
}

function isService(definition: PackageDefinition[string] | undefined): boolean {
  return definition !== undefined && !('format' in definition)
}

t.test('messages are encoded and decoded as by proto-loader', async (t) => {
  const cluster = {
    name: 'r:/user/ann',
    type: 'LOGICAL_DNS',
    connect_timeout: { seconds: 8 },
    per_connection_buffer_limit_bytes: { value: 65_536 },
    load_assignment: {
      cluster_name: 'r:/user/ann',
      endpoints: [
        {
          lb_endpoints: [
            { endpoint: { address: { socket_address: { address: '10.0.0.1', port_value: 8888 } }, hostname: 'a' } },
          ],
        },
      ],
    },
    typed_extension_protocol_options: { x: { type_url: 'type.googleapis.com/y', value: Buffer.from('z') } },
    metadata: { filter_metadata: { n: { fields: { target: { stringValue: 'http://a' }, deep: { nullValue: 0 } } } } },
  }
  const request = {
    node: { id: 'envoy', user_agent_build_version: { version: { major_number: 1, minor_number: 40 } } },
    type_url: 't',
    initial_resource_versions: { a: '1', b: '2' },
    error_detail: { code: 13, message: 'no' },
  }
  const cases = {
    'envoy.config.cluster.v3.Cluster': cluster,
    'envoy.service.discovery.v3.DeltaDiscoveryRequest': request,
  }
  for (const [name, value] of Object.entries(cases)) {
    const [own, other] = [message(ours, name), message(theirs, name)]
    const bytes = own.serialize(value)
    t.ok(Buffer.isBuffer(bytes) && bytes.equals(other.serialize(value)), `${name} encoded`)
    t.same(own.deserialize(bytes), other.deserialize(bytes), `${name} decoded`)
    t.same(own.deserialize(Buffer.alloc(0)), other.deserialize(Buffer.alloc(0)), `${name} without any field`)
  }
})

t.test('every message and service of proto/ has a definition', async (t) => {
  const used = Object.entries(theirs).filter(
    ([name, definition]) => !name.startsWith('google.protobuf.') && !isEnum(definition),
  )
  t.strictSame(
    used.filter(([name]) => ours[name] === undefined).map(([name]) => name),
    [],
  )
  const services = used.filter(([, definition]) => isService(definition))
  t.ok(services.length > 0)
  for (const [name, definition] of services) t.same(methods(ours[name]), methods(definition), name)
})

function isEnum(definition: PackageDefinition[string]): boolean {
  return definition.format === 'Protocol Buffer 3 EnumDescriptorProto'
}

/** What gRPC needs to know of each method. */
function methods(definition: PackageDefinition[string] | undefined): unknown {
  return Object.entries(definition ?? {}).map(([name, { path, requestStream, responseStream }]) => ({
    ...{ name, path, requestStream, responseStream },
  }))
}
