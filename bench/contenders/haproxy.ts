import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startProgram } from '../cost/programs.js'
import type { Contender, Setup } from './contender.js'
import { versionOf } from './version.js'

/** HAProxy with a map from the beginning of the path to the address of its target; the longest that fits is taken. */
export const HAPROXY: Contender = {
  name: 'haproxy',
  title: 'HAProxy, map',
  install: 'apt-get install haproxy',
  version: () => versionOf('haproxy', ['-v'], /version (\S+)/),
  start: async (setup) => {
    const { port, pid, stop } = await startProgram({
      command: 'taskset',
      args: (file) => ['-c', setup.processors, 'haproxy', '-db', '-q', '-f', file],
      config: (port, directory) => {
        const map = join(directory, 'routes.map')
        writeFileSync(map, setup.routes.map(({ path, target }) => `${path} ${new URL(target).host}\n`).join(''))
        return configuration(setup, port, map, directory)
      },
      startMs: 60_000,
    })
    return { port, pids: async () => ({ data: [pid], control: [] }), stop }
  },
}

function configuration(
  { defaultTarget, certificate, workers }: Setup,
  port: number,
  map: string,
  directory: string,
): string {
  const tls = certificate ? ` ssl crt ${pem(certificate, directory)} alpn h2,http/1.1` : ''
  return `
    global
      nbthread ${workers}
      maxconn 8000
    defaults
      mode http
      timeout connect 8s
      timeout client 1h
      timeout server 1h
      timeout tunnel 1h
    frontend public
      bind 127.0.0.1:${port}${tls}
      http-request set-var(txn.target) path,map_beg(${map},${new URL(defaultTarget).host})
      default_backend targets
    backend targets
      http-reuse always
      http-request set-dst var(txn.target),field(1,:)
      http-request set-dst-port var(txn.target),field(2,:)
      server any 0.0.0.0:0
`
}

/** It wants key and certificate in one file. */
function pem({ key, cert }: { readonly key: Buffer; readonly cert: Buffer }, directory: string): string {
  const file = join(directory, 'public.pem')
  writeFileSync(file, Buffer.concat([key, cert]), { mode: 0o600 })
  return file
}
