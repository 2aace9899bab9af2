import { access, mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { communicate } from './render.js'
import type { HelmTools } from './tools.js'

const REPOSITORY = 'https://hub.jupyter.org/helm-chart/'
const VERSION = '4.4.0'

/**
 * Where zero-to-jupyterhub's chart is: in the directory that Z2JH_CHART names, else the pinned version in the cache
 * directory, fetched if it isn't there.
 *
 * @throws Error with Helm's reason if it can't be fetched
 */
export async function z2jhChart({ helm }: HelmTools): Promise<string> {
  if (process.env.Z2JH_CHART) return process.env.Z2JH_CHART
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'configurable-envoy-proxy')
  const file = join(cache, `jupyterhub-${VERSION}.tgz`)
  const isThere = await access(file).then(
    () => true,
    () => false,
  )
  if (isThere) return file
  await mkdir(cache, { recursive: true })
  const args = ['pull', 'jupyterhub', '--repo', REPOSITORY, '--version', VERSION, '--destination', cache]
  const { status, stderr } = await communicate(helm, args)
  if (status !== 0) throw new Error(`z2jh's chart can't be fetched: ${stderr.trim()}`)
  return file
}
