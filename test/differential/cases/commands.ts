import type { ExitCase } from '../case.js'

const CERTIFICATE = ['--ssl-key', '{certs}/server.key', '--ssl-cert', '{certs}/server.pem']

/** How the command ends, or that it serves. */
export const COMMANDS: readonly ExitCase[] = [
  { name: 'SIGTERM', args: [], signal: 'SIGTERM' },
  { name: 'SIGHUP', args: [], signal: 'SIGHUP' },
  { name: 'SIGUSR2', args: [], signal: 'SIGUSR2' },
  { name: '--version', args: ['--version'] },
  { name: '--help', args: ['--help'] },
  { name: 'an unknown option', args: ['--frobnicate'] },
  { name: 'the public port is taken', args: ['--port', '{backendPort}'] },
  { name: 'a log level that is not known', args: ['--log-level', 'loud'] },
  { name: 'a default target that is no URL', args: ['--default-target', 'nonsense'] },
  { name: 'a directory of error pages that is not there', args: ['--error-path', '{dir}/none'] },
  { name: 'a key that is not there', args: ['--ssl-key', '{dir}/none', '--ssl-cert', '{certs}/server.pem'] },
  { name: 'a certificate that is none', args: ['--ssl-key', '{certs}/server.key', '--ssl-cert', '{certs}/names'] },
  {
    name: 'a key of another certificate',
    args: ['--ssl-key', '{certs}/client.key', '--ssl-cert', '{certs}/server.pem'],
  },
  { name: 'a redirect server without a certificate', args: ['--redirect-port', '{redirectPort}'] },
  { name: 'an error target and an error path', args: ['--error-target', '{error}', '--error-path', '{dir}'] },
  { name: 'a custom header without a colon', args: ['--custom-header', 'nonsense'] },
  { name: 'a custom header that HTTP does not allow', args: ['--custom-header', 'X Y: 1'] },
  { name: 'a protocol that is none', args: ['--protocol-rewrite', 'ht tp'] },
  { name: 'an authority for the API without a certificate', args: ['--api-ssl-ca', '{certs}/ca.pem'] },
  { name: 'a unix socket and an IP address', args: ['--socket', '{dir}/x.sock'] },
  { name: 'a storage backend that is not there', args: ['--storage-backend', 'no-such-package'] },
  { name: '--ssl-protocol TLSv1_3', args: [...CERTIFICATE, '--ssl-protocol', 'TLSv1_3'] },
  { name: 'a TLS version that is not known', args: [...CERTIFICATE, '--ssl-protocol', 'TLSv9'] },
  { name: 'an empty token', args: [], env: { CONFIGPROXY_AUTH_TOKEN: '' } },
]
