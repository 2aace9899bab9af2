import t from 'tap'
import { forwardLine } from '../../src/data-plane/embedded/log-lines.js'
import type { Logger } from '../../src/platform/log.js'

t.test('a line of Envoy keeps its level, unless it is for those who write its configuration', async (t) => {
  const lines: string[] = []
  const at = (level: string) => (text: string) => lines.push(`${level} ${text}`)
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as unknown as Logger
  forwardLine(
    "[warning][misc] Deprecated field: type envoy.X Using deprecated option \\'envoy.X.y\\' from file x.proto.",
    log,
  )
  forwardLine('[warning][main] Envoy is short of something', log)
  forwardLine('[critical][backtrace] Caught Segmentation fault', log)
  t.strictSame(lines, [
    "debug Deprecated field: type envoy.X Using deprecated option 'envoy.X.y' from file x.proto.",
    'warn Envoy is short of something',
    'error Caught Segmentation fault',
  ])
})
