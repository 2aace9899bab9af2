import type { MessageTypeDefinition } from '@grpc/proto-loader'
import { definitions } from '../../src/xds/messages.js'

/**
 * A message of ours as Envoy's JSON shows it: defaults left out, wrapped values bare, durations as text, and what is
 * encoded in a google.protobuf.Any in place.
 */
export function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown)
  if (typeof value !== 'object' || value === null) return value
  const message = value as Record<string, unknown>
  if (typeof message.type_url === 'string') return shownAny(message.type_url, message.value as Buffer)
  if ('stringValue' in message) return message.stringValue
  if (Object.keys(message).join() === 'value' && typeof message.value !== 'object') return message.value
  if ('seconds' in message || 'nanos' in message) {
    const nanos = String(message.nanos ?? 0).padStart(9, '0')
    // Three, six or nine digits, or none.
    return `${message.seconds ?? 0}${`.${nanos}`.replace(/(?:000)+$/, '').replace(/^\.$/, '')}s`
  }
  // Numbers of 64 bits are texts in JSON.
  if ('int_value' in message) {
    const { level, name, int_value } = message
    return { ...message, level: String(level), name: String(name), int_value: String(int_value) }
  }
  // Which of several alternatives is chosen shows even if it is empty.
  const fields = Object.entries(message).filter(([name, field]) => name === 'exact' || !isDefault(name, field))
  const [only] = fields
  if (only !== undefined && fields.length === 1 && only[0] === 'fields') {
    return shown(only[1])
  }
  return Object.fromEntries(fields.map(([name, field]) => [name, shown(field)]))
}

function shownAny(typeUrl: string, bytes: Buffer): object {
  const { deserialize } = definitions[typeUrl.replace(/.*\//, '')] as MessageTypeDefinition<object, object>
  const empty = deserialize(Buffer.alloc(0)) as Record<string, unknown>
  // An enumeration's default is a name like any other, known only from an empty message.
  const fields = Object.entries(deserialize(bytes)).filter(([name, field]) => field !== empty[name])
  return { '@type': typeUrl, ...(shown(Object.fromEntries(fields)) as object) }
}

/** The names are defaults of enumerations in nested messages. */
const DEFAULTS = new Set<unknown>([null, false, '', 0, 'EQ', 'NONE', 'APPEND_IF_EXISTS_OR_ADD'])

function isDefault(name: string, field: unknown): boolean {
  if (Array.isArray(field)) return field.length === 0
  // A map; any other message without fields is there because it was set.
  if (name === 'typed_per_filter_config') return Object.keys(field as object).length === 0
  return DEFAULTS.has(field)
}
