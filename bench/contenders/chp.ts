import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { ChpProcess } from '../../test/support/chp.js'
import { addRoutes } from '../api-client.js'
import type { Contender } from './contender.js'
import { FILLING } from './contender.js'

/** configurable-http-proxy as npm has it: the present version, and the last of those before it. */
export const CHP_5 = chp('chp-5.3.0', 'CHP 5.3.0', 'configurable-http-proxy')
export const CHP_4 = chp('chp-4.6.3', 'CHP 4.6.3', 'configurable-http-proxy-4')

/** It has one thread for all, whatever the number of workers. */
function chp(name: 'chp-5.3.0' | 'chp-4.6.3', title: string, packageName: string): Contender {
  return {
    name,
    title,
    install: 'npm ci',
    version: async () => {
      const description = join(PACKAGE_ROOT, 'node_modules', packageName, 'package.json')
      const text = await readFile(description, 'utf8').catch(() => undefined)
      return text && (JSON.parse(text) as { version: string }).version
    },
    start: async ({ routes, defaultTarget, certificate, processors }) => {
      const tls = certificate ? ['--ssl-key', certificate.keyFile, '--ssl-cert', certificate.certFile] : []
      const process = await ChpProcess.start(['--default-target', defaultTarget, ...tls], {
        packageName,
        before: ['taskset', '-c', processors],
      })
      await addRoutes(process.apiPort, routes, FILLING)
      return {
        port: process.port,
        apiPort: process.apiPort,
        pids: async () => ({ data: [process.pid], control: [] }),
        stop: () => process.stop(),
      }
    },
  }
}
