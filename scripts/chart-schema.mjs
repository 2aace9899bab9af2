// The parts of the Helm chart's values.schema.json that come from the options.
import { drain } from '../build/src/cli/commands/drain.js'
import { OPTIONS } from '../build/src/settings/settings.js'

/** The values of the chart that are handed on as they are, each with its option. */
const PASSED_ON = {
  'proxy.logLevel': ['--log-level', OPTIONS],
  'envoy.workers': ['--workers', OPTIONS],
  'envoy.maxHeap': ['--max-heap', OPTIONS],
  'envoy.maxConnections': ['--max-connections', OPTIONS],
  'envoy.drainSeconds': ['--seconds', drain.options],
}

/**
 * The schema as it should be: a value takes what its option takes, and `proxy.extraArgs` every option that there is, so
 * that what the proxy would not start with is refused before anything is changed in the cluster.
 *
 * @param {string} current the text of the file
 */
export function chartSchema(current) {
  const schema = JSON.parse(current)
  for (const [value, [flag, options]] of Object.entries(PASSED_ON)) {
    const option = options.find(({ flags }) => flags.startsWith(`${flag} `))
    Object.assign(at(schema, value), range(option))
  }
  at(schema, 'proxy.extraArgs').items.pattern = extraArgument(OPTIONS)
  return format(schema)
}

function at(schema, value) {
  return value.split('.').reduce((part, name) => part.properties[name], schema)
}

function range({ choices, number }) {
  return number ? { minimum: number.least, maximum: number.most } : { enum: choices }
}

/** The pattern of one argument that gives one option. */
export function extraArgument(options) {
  const forms = options.map(({ flags, choices, number, parse }) => {
    const [flag, takesValue] = flags.slice('--'.length).split(' ')
    if (!takesValue) return flag
    if (number) return `${flag}=[0-9]+`
    return choices && !parse ? `${flag}=(${choices.join('|')})` : `${flag}=.*`
  })
  return `^--(${forms.join('|')})$`
}

/** With a list of plain values in one line, as the formatter leaves it. */
function format(schema) {
  const text = JSON.stringify(schema, null, 2)
  return `${text.replace(/\[\n[^[\]{}]*\]/g, (list) => list.replace(/\n\s*/g, '').replaceAll(',', ', '))}\n`
}
