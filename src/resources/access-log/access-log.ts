import type { AccessLog } from '#proto/envoy/config/accesslog/v3/AccessLog.js'
import type { AccessLogFilter } from '#proto/envoy/config/accesslog/v3/AccessLogFilter.js'
import type { SubstitutionFormatString } from '#proto/envoy/config/core/v3/SubstitutionFormatString.js'
import type { FileAccessLog } from '#proto/envoy/extensions/access_loggers/file/v3/FileAccessLog.js'
import type { StdoutAccessLog } from '#proto/envoy/extensions/access_loggers/stream/v3/StdoutAccessLog.js'
import type { AccessLogSettings, FormatPart } from '../../settings/access-log.js'
import { packAny } from '../../xds/messages.js'
import { HEALTH_PATH } from '../names.js'
import { allOf, statusAtLeast, statusAtMost, UPGRADE } from '../shared/access-log-filters.js'
import type { Known } from './fields.js'
import { fieldFormat } from './fields.js'

const ENDED: AccessLogFilter = { log_type_filter: { types: ['DownstreamEnd'] } }
const NO_PROBE: AccessLogFilter = {
  header_filter: { header: { name: ':path', string_match: { exact: HEALTH_PATH }, invert_match: true } },
}
const NO_UPGRADE: AccessLogFilter = {
  header_filter: { header: { name: 'upgrade', present_match: true, invert_match: true } },
}

/**
 * Logs each request at its end, but for probes of the health check. There are several logs in one file: what only an
 * expression could tell of a request, which costs much, is known by which of them has it.
 */
export function accessLog(settings: AccessLogSettings): AccessLog[] {
  return [
    logOf(settings, { isError: false, isWebsocket: false }, statusAtMost(399), NO_UPGRADE),
    logOf(settings, { isError: false, isWebsocket: true }, statusAtMost(399), UPGRADE),
    logOf(settings, { isError: true }, statusAtLeast(400)),
  ]
}

function logOf(settings: AccessLogSettings, known: Known, ...filters: AccessLogFilter[]): AccessLog {
  const { file } = settings
  const log_format = lineFormat(settings, known)
  return {
    name: 'access_log',
    filter: allOf(...filters, ENDED, NO_PROBE),
    typed_config:
      file === undefined
        ? packAny('envoy.extensions.access_loggers.stream.v3.StdoutAccessLog', { log_format } satisfies StdoutAccessLog)
        : packAny('envoy.extensions.access_loggers.file.v3.FileAccessLog', {
            path: file,
            log_format,
          } satisfies FileAccessLog),
  }
}

function lineFormat(settings: AccessLogSettings, known: Known): SubstitutionFormatString {
  const { format } = settings
  if ('text' in format) {
    return { text_format_source: { inline_string: `${joined(format.text, settings, known, '-')}\n` } }
  }
  const fields = [...format.json].map(([key, parts]) => [key, jsonValue(parts, settings, known)])
  return { json_format: { fields: Object.fromEntries(fields) }, omit_empty_values: true }
}

/** Envoy keeps the type of a value that is one field alone. */
function jsonValue(parts: readonly FormatPart[], settings: AccessLogSettings, known: Known): object {
  const [only, ...more] = parts
  if (more.length > 0 || only === undefined || 'text' in only) {
    return { stringValue: joined(parts, settings, known, '') }
  }
  const format = fieldFormat(only.field, settings, known)
  if (format === undefined) return { nullValue: 'NULL_VALUE' }
  return typeof format === 'boolean' ? { boolValue: format } : { stringValue: format }
}

/** @param nothing what stands for a field that has no value */
function joined(parts: readonly FormatPart[], settings: AccessLogSettings, known: Known, nothing: string): string {
  return parts
    .map((part) =>
      'text' in part ? part.text.replaceAll('%', '%%') : String(fieldFormat(part.field, settings, known) ?? nothing),
    )
    .join('')
}
