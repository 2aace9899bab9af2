import type { RootLogger } from '../platform/log.js'
import { LOG_LEVELS, setLevel } from '../platform/log.js'
import type { Answer, ApiCall, Endpoint, Handler } from './call.js'
import { json, plain } from './call.js'

const PATH = '/api/log-level'

/** GET shows how much is logged; PUT `{"level": "debug"}` changes it, until the next start. */
export function logLevelEndpoint(log: RootLogger): Endpoint {
  const show = (): Answer => json({ level: log.level })
  const change = async ({ body }: ApiCall): Promise<Answer> => {
    const wanted = levelIn(await body())
    const level = LOG_LEVELS.find((known) => known === wanted)
    if (level === undefined) return plain(400, `Send {"level": "..."} with one of ${LOG_LEVELS.join(', ')}.\n`)
    setLevel(log, level)
    return show()
  }
  const handlers = new Map<string, Handler>([
    ['GET', show],
    ['PUT', change],
  ])
  return { matches: (path) => path === PATH, needsToken: true, handler: (method) => handlers.get(method) }
}

function levelIn(body: string): unknown {
  try {
    return (JSON.parse(body) as { level?: unknown } | null)?.level
  } catch {
    return undefined
  }
}
