import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { ProxyProcess } from './proxy.js'

/** Asks Envoy itself, over its private admin socket. */
export function admin(proxy: ProxyProcess, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socketPath = join(proxy.runtimeDir, 'admin.sock')
    request({ socketPath, path, agent: false }, (response) => text(response).then(resolve, reject))
      .on('error', reject)
      .end()
  })
}
