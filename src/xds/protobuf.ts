import { join } from 'node:path'
import type { ServiceDefinition } from '@grpc/grpc-js'
import type { AnyDefinition, MessageTypeDefinition, PackageDefinition } from '@grpc/proto-loader'
import type { NamespaceBase, ReflectionObject } from 'protobufjs'
import protobuf from 'protobufjs'

/** As in the types that are made of proto/. */
const DECODED = { longs: String, enums: String, defaults: true }

/**
 * Reads .proto files, with the names of fields as they are there.
 *
 * proto-loader would do the same, but it also makes a descriptor of every file, which nothing here uses: that takes
 * longer than everything else, and some megabytes.
 *
 * @returns messages and services by their full names
 */
export function loadDefinitions(files: readonly string[], directory: string): PackageDefinition {
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) => join(directory, target)
  root.loadSync([...files], { keepCase: true })
  root.resolveAll()
  return Object.fromEntries(definitionsIn(root))
}

function* definitionsIn(namespace: NamespaceBase): Iterable<[name: string, definition: AnyDefinition]> {
  for (const inner of namespace.nestedArray) {
    if (inner instanceof protobuf.Type) yield [nameOf(inner), messageOf(inner)]
    if (inner instanceof protobuf.Service) yield [nameOf(inner), serviceOf(inner) as AnyDefinition]
    if (inner instanceof protobuf.Namespace) yield* definitionsIn(inner)
  }
}

function nameOf({ fullName }: ReflectionObject): string {
  return fullName.slice(1)
}

function messageOf(type: protobuf.Type): MessageTypeDefinition<object, object> {
  return {
    format: 'Protocol Buffer 3 DescriptorProto',
    type: {},
    fileDescriptorProtos: [],
    // In Node.js, protobufjs makes buffers.
    serialize: (message) => type.encode(type.fromObject(message)).finish() as Buffer,
    deserialize: (bytes) => type.toObject(type.decode(bytes), DECODED),
  }
}

function serviceOf(service: protobuf.Service): ServiceDefinition {
  const methods = service.methodsArray.map((method) => {
    const { resolvedRequestType: request, resolvedResponseType: response } = method
    if (request === null || response === null) throw new Error(`${method.fullName} has no types`)
    const [asked, answered] = [messageOf(request), messageOf(response)]
    const definition = {
      path: `/${nameOf(service)}/${method.name}`,
      requestStream: method.requestStream === true,
      responseStream: method.responseStream === true,
      requestSerialize: asked.serialize,
      requestDeserialize: asked.deserialize,
      responseSerialize: answered.serialize,
      responseDeserialize: answered.deserialize,
    }
    return [method.name, definition] as const
  })
  return Object.fromEntries(methods) as ServiceDefinition
}
