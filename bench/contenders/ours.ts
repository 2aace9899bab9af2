import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readRelease } from '../../src/envoy/binary/release.js'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { ProxyProcess } from '../../test/support/proxy.js'
import { addRoutes } from '../api-client.js'
import type { Contender, RunningProxy, Setup } from './contender.js'
import { FILLING } from './contender.js'

/** This proxy, as it is in build/. */
export const OURS: Contender = {
  name: 'ours',
  title: 'configurable-envoy-proxy',
  install: 'npm run build',
  version: async () => {
    const { version } = JSON.parse(await readFile(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }
    return `${version}, Envoy ${readRelease().version}`
  },
  start: async (setup) => {
    const proxy = await startOurs(setup)
    await addRoutes(proxy.apiPort, setup.routes, FILLING)
    return proxy
  },
}

/** @param stateDir where its routes are stored and stay; without it, it begins without any */
export async function startOurs(
  { defaultTarget, certificate, workers, processors }: Setup,
  stateDir?: string,
): Promise<RunningProxy & { readonly apiPort: number; readonly process: ProxyProcess }> {
  const tls = certificate ? ['--ssl-key', certificate.keyFile, '--ssl-cert', certificate.certFile] : []
  const state = stateDir === undefined ? [] : ['--state-dir', stateDir]
  const process = await ProxyProcess.start(
    ['--workers', String(workers), '--default-target', defaultTarget, ...tls, ...state],
    { before: ['taskset', '-c', processors] },
  )
  return {
    process,
    port: process.port,
    apiPort: process.apiPort,
    pids: async () => {
      const envoy = await process.envoyPid()
      const others = await process.processes()
      const control = others.map(({ pid }) => pid).filter((pid) => pid !== envoy)
      return { data: [envoy], control: [process.child.pid ?? 0, ...control] }
    },
    stop: () => process.stop(),
  }
}
