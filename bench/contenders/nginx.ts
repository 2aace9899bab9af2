import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProgram } from '../cost/programs.js'
import type { Contender, Setup } from './contender.js'
import { versionOf } from './version.js'

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/**
 * nginx with a map from the user in the path to the group of servers that is the target. Since all routes of the bench
 * have the same few targets, there are few groups, whose connections are kept: better than nginx could do for a hub,
 * whose users have a server each.
 */
export const NGINX: Contender = {
  name: 'nginx',
  title: 'nginx, map',
  install: 'apt-get install nginx-light',
  version: () => versionOf('nginx', ['-v'], /nginx\/(\S+)/),
  start: async (setup) => {
    const { port, pid, stop } = await startProgram({
      command: 'taskset',
      args: (file) => ['-c', setup.processors, 'nginx', '-e', 'stderr', '-c', file],
      config: (port, directory) => configuration(setup, port, directory),
      startMs: 60_000,
    })
    return { port, pids: async () => ({ data: await childrenOf(pid), control: [pid] }), stop }
  },
}

function configuration(setup: Setup, port: number, directory: string): string {
  const { routes, defaultTarget, certificate, workers } = setup
  const targets = [...new Set([defaultTarget, ...routes.map(({ target }) => target)])]
  const groupOf = (target: string) => `group${targets.indexOf(target)}`
  const groups = targets.map(
    (target) =>
      `upstream ${groupOf(target)} { server ${new URL(target).host}; keepalive 64; keepalive_requests 1000000000; }`,
  )
  const map = join(directory, 'routes.map')
  writeFileSync(map, routes.map(({ path, target }) => `${path} ${groupOf(target)};\n`).join(''))
  const tls = certificate ? `ssl_certificate ${certificate.certFile}; ssl_certificate_key ${certificate.keyFile};` : ''
  return `
    worker_processes ${workers}; daemon off; pid ${directory}/pid; worker_rlimit_nofile 16000;
    events { worker_connections 8000; }
    http {
      access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; client_max_body_size 0;
      proxy_buffering off; proxy_request_buffering off; proxy_read_timeout 1h; proxy_http_version 1.1;
      ${TEMPORARY.map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')}
      map_hash_max_size 262144; map_hash_bucket_size 128;
      map $uri $user { ~^(?<user_path>/user/[^/]+) $user_path; default none; }
      map $user $group { include ${map}; default ${groupOf(defaultTarget)}; }
      map $http_upgrade $connection_header { default upgrade; "" ""; }
      ${groups.join('\n')}
      ${tls}
      server {
        listen 127.0.0.1:${port} backlog=4096${certificate ? ' ssl http2' : ''};
        location / {
          proxy_pass http://$group;
          proxy_set_header Host $http_host;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection $connection_header;
        }
      }
    }`
}

async function childrenOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.trim().split(' ').map(Number)
}
