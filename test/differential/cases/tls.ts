import type { Case, ClientTls, Setup, Step } from '../case.js'
import { api, ask, raw, SWITCHING, upgrade } from '../requests.js'

const routes = { '/r': '{backend}' }
const SERVER = ['--ssl-key', '{certs}/server.key', '--ssl-cert', '{certs}/server.pem']
const REDIRECT = ['--redirect-port', '{redirectPort}']
const PLAIN = { options: [...SERVER, ...REDIRECT] }
const LOCKED: Setup = {
  options: [
    '--ssl-key',
    '{certs}/locked.key',
    '--ssl-cert',
    '{certs}/server.pem',
    ...REDIRECT,
    '--redirect-to',
    '8443',
  ],
  env: { CONFIGPROXY_SSL_KEY_PASSPHRASE: 'secret' },
}
const REQUEST = { options: [...SERVER, '--ssl-ca', '{certs}/ca.pem', '--ssl-request-cert'] }
const REQUIRE = {
  options: [...SERVER, '--ssl-ca', '{certs}/ca.pem', '--ssl-request-cert', '--ssl-reject-unauthorized'],
}
const ONLY_1_2 = { options: [...SERVER, '--ssl-protocol', 'TLSv1_2', ...REDIRECT, '--redirect-to', '443'] }
const CLIENT_CA = ['--client-ssl-ca', '{certs}/ca.pem']
const CLIENT = {
  options: ['--client-ssl-key', '{certs}/client.key', '--client-ssl-cert', '{certs}/client.pem', ...CLIENT_CA],
}
const CLIENT_LOCKED = {
  options: ['--client-ssl-key', '{certs}/locked.key', '--client-ssl-cert', '{certs}/server.pem', ...CLIENT_CA],
  env: { CONFIGPROXY_CLIENT_SSL_KEY_PASSPHRASE: 'secret' },
}
const INSECURE = { options: ['--insecure'] }
const API = { options: ['--api-ssl-key', '{certs}/server.key', '--api-ssl-cert', '{certs}/server.pem'] }
const API_REQUIRE = {
  options: [
    ...API.options,
    '--api-ssl-ca',
    '{certs}/ca.pem',
    '--api-ssl-request-cert',
    '--api-ssl-reject-unauthorized',
  ],
}

function secured(setup: Setup, name: string, tls: ClientTls, talk: readonly Step[] = ask('GET /r/x')): Case {
  return { name, setup, routes, talk: [{ connect: 'public', tls }, ...talk] }
}

function toApi(setup: Setup, name: string, tls: ClientTls): Case {
  const [, ...talk] = api('GET /api/routes')
  return { name, setup, talk: [{ connect: 'api', tls }, ...talk] }
}

function target(setup: Setup, name: string, url: string, talk = ask('GET /r/x')): Case {
  return { name, setup, routes: { '/r': url }, talk }
}

function redirected(setup: Setup, name: string, talk: readonly Step[]): Case {
  return { name, setup, talk: [{ connect: 'redirect' }, ...talk] }
}

/** TLS on the public port. */
export const PUBLIC_TLS: readonly Case[] = [
  secured(PLAIN, 'a request', {}),
  secured(PLAIN, 'a request with X-Forwarded-Proto', {}, ask('GET /r/x', 'X-Forwarded-Proto: http')),
  secured(PLAIN, 'a Host with a port', {}, ask('GET /r/x', 'Host: hub.example:8443')),
  {
    ...secured(PLAIN, 'a websocket', {}, [...upgrade('/r/ws'), { send: ['hello'] }, { receive: 5 }]),
    backends: { backend: { onEnd: { send: [SWITCHING], after: 'echo' } } },
  },
  secured(PLAIN, 'no route', {}, ask('GET /nothing')),
  secured(PLAIN, 'TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }),
  secured(PLAIN, 'TLS 1.2', { maxVersion: 'TLSv1.2' }),
  secured(PLAIN, 'TLS 1.3', { minVersion: 'TLSv1.3' }),
  secured(PLAIN, 'a client that offers HTTP/2', { alpn: ['h2', 'http/1.1'] }),
  secured(PLAIN, 'a client that offers HTTP/2 alone', { alpn: ['h2'] }),
  secured(PLAIN, 'a cipher without forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }),
  secured(PLAIN, 'a cipher of CBC mode', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA' }),
  { name: 'plain HTTP', setup: PLAIN, routes, talk: ask('GET /r') },
  {
    name: 'plain HTTP, to the health check',
    setup: PLAIN,
    talk: raw('GET /_chp_healthz HTTP/1.1\r\nHost: x\r\n\r\n', 'GET'),
  },
  secured(LOCKED, 'a key under a passphrase', {}),
  secured(REQUEST, 'a certificate that is asked for, and shown', { certificate: 'client' }),
  secured(REQUEST, 'a certificate that is asked for, and not shown', {}),
  secured(REQUEST, 'a certificate that is asked for, of another authority', { certificate: 'untrusted' }),
  secured(REQUIRE, 'a certificate that is demanded, and shown', { certificate: 'client' }),
  secured(REQUIRE, 'a certificate that is demanded, and not shown', {}),
  secured(REQUIRE, 'a certificate that is demanded, of another authority', { certificate: 'untrusted' }),
  secured(ONLY_1_2, 'only TLS 1.2 is spoken', {}),
  secured(ONLY_1_2, 'only TLS 1.2 is spoken, to a client of 1.3', { minVersion: 'TLSv1.3' }),
  secured(LOCKED, 'a cipher of the list', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' }),
  secured(LOCKED, 'a cipher that is not on the list', {
    maxVersion: 'TLSv1.2',
    ciphers: 'ECDHE-RSA-AES128-GCM-SHA256',
  }),
]

/** TLS towards targets. */
export const TARGET_TLS: readonly Case[] = [
  target(CLIENT, 'our certificate is shown', '{secure}'),
  target(CLIENT_LOCKED, 'our key is under a passphrase', '{secure}'),
  target(CLIENT, 'Host is the name in the certificate', '{secure}', ask('GET /r', 'Host: localhost')),
  target(CLIENT, 'a target of another authority', '{untrusted}'),
  target(CLIENT, 'a target by its name', 'https://localhost:{securePort}'),
  target(CLIENT, 'a websocket', '{secure}', upgrade('/r/ws')),
  target({}, 'a target of an authority that is not known', '{secure}'),
  target(INSECURE, 'an unknown authority, --insecure', '{untrusted}'),
]

/** TLS of the REST API. */
export const API_TLS: readonly Case[] = [
  toApi(API, 'a call', {}),
  toApi(API_REQUIRE, 'a certificate that is demanded, and shown', { certificate: 'client' }),
  toApi(API_REQUIRE, 'a certificate that is demanded, and not shown', {}),
]

/** The server that leads to the public port. */
export const REDIRECT_SERVER: readonly Case[] = [
  redirected(PLAIN, 'a path and a query', ask('GET /a/b%20c?d=e&f')),
  redirected(PLAIN, 'a Host with a port', ask('GET /', 'Host: hub.example:80')),
  redirected(PLAIN, 'a Host that is IPv6', ask('GET /', 'Host: [::1]:80')),
  redirected(PLAIN, 'no Host', raw('GET /x HTTP/1.0\r\n\r\n', 'GET')),
  redirected(PLAIN, 'HTTP/1.0 with Host', raw('GET /x HTTP/1.0\r\nHost: hub.example\r\n\r\n', 'GET')),
  redirected(PLAIN, 'an empty Host', ask('GET /x', 'Host:')),
  redirected(PLAIN, 'HEAD', ask('HEAD /x')),
  redirected(PLAIN, 'POST', ask('POST /x', 'Content-Length: 0')),
  redirected(PLAIN, 'OPTIONS', ask('OPTIONS /x')),
  redirected(PLAIN, 'the health check', ask('GET /_chp_healthz')),
  redirected(PLAIN, 'a websocket', upgrade('/x')),
  redirected(PLAIN, 'odd paths', [...ask('GET //x/../y'), ...ask('GET /%')]),
  redirected(PLAIN, 'the absolute form', ask('GET http://other.example/x')),
  redirected(LOCKED, 'another port', ask('GET /x')),
  redirected(ONLY_1_2, 'port 443', ask('GET /x')),
]
