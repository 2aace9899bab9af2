import type { Program } from './programs.js'
import { startProgram } from './programs.js'

/** Starts nginx as a backend that answers every request with two bytes: its share of the machine is small. */
export function startNginx(): Promise<Program> {
  return startProgram({
    command: 'nginx',
    args: (file) => ['-e', 'stderr', '-c', file],
    config: (port, directory) => `
      worker_processes 1; daemon off; pid ${directory}/pid;
      events { worker_connections 4096; }
      http {
        access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
        ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}
        server { listen 127.0.0.1:${port} backlog=4096; location / { return 200 "ok"; } }
      }`,
    startMs: 10_000,
  })
}
