import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { readAdminKey } from '../../src/envoy/admin-key.js'
import { withKey } from '../../src/resources/bootstrap/admin-key.js'
import type { ProxyProcess } from './proxy.js'

/** Asks Envoy itself, over its private admin socket. */
export function admin(proxy: ProxyProcess, path: string): Promise<string> {
  return askAdmin(adminSocket(proxy), path)
}

export function adminSocket({ runtimeDir }: ProxyProcess): string {
  return join(runtimeDir, 'admin.sock')
}

/** Asks as somebody who can reach the socket, but doesn't know the key. */
export function askWithoutKey(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, agent: false }, (response) => text(response).then(resolve, reject))
      .on('error', reject)
      .end()
  })
}

/** Asks an Envoy at its admin socket, with the key that is beside it. */
export async function askAdmin(socketPath: string, path: string): Promise<string> {
  const key = await readAdminKey(socketPath)
  return askWithoutKey(socketPath, key === undefined ? path : withKey(path, key))
}
