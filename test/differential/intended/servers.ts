import type { NamedDifference } from '../differences.js'

/** The other servers: redirects, metrics, unix sockets; and the store. */
export const SERVERS: readonly NamedDifference[] = [
  {
    where: 'redirect server: --redirect-to 443',
    chp: '`https://host:443/`',
    here: '`https://host/`',
    reason: 'the same place, as a browser shows it',
    seen: [{ field: 'answer.header.location', of: /^redirect: port 443/ }],
  },
  {
    where: 'redirect server: `Host: [::1]:80`, and the absolute form',
    chp: '`https://[:port/`, `https://host:porthttp://host/x`',
    here: '`https://[::1]:port/`, `https://host:port/x`',
    reason: 'the others are not URLs',
    seen: [{ field: 'answer.header.location', of: /^redirect: (a Host that is IPv6|the absolute form)/ }],
  },
  {
    where: 'redirect server: no host at all, or an empty one',
    chp: '400, `https://:port/`',
    here: '400, with another text',
    reason: 'there is no host to redirect to',
    seen: [{ field: /^(answer\.(body|status)|connection)$/, of: /^redirect: (no Host|an empty Host)/ }],
  },
  {
    where: 'redirect server: a request for a websocket',
    chp: 'the connection is kept',
    here: 'it ends',
    reason: 'no client uses it further',
    seen: [{ field: 'connection', of: /^redirect: a websocket/, here: /^closed$/ }],
  },
  {
    where: '--redirect-port with --port 80 or --socket',
    chp: 'silently no redirect server',
    here: 'a redirect server; with --socket it needs --redirect-to',
    reason: 'as requested',
    seen: { byHand: 'port 80 is not for tests' },
  },
  {
    where: 'metrics',
    chp: 'counts of its own, and of Node.js',
    here: 'the same names, and more that begin with `cep_`: see [metrics.md](metrics.md); `/metrics?x` is answered too',
    reason: 'dashboards keep working',
    seen: [
      { field: 'answer.body', of: /^metrics: (their names|by POST)/, here: /cep_routes/ },
      { field: 'answer.status', of: /^metrics: a query/, here: /^200 / },
    ],
  },
  {
    where: 'metrics, and a call of the REST API without its token: the connection',
    chp: 'is kept for 5 s, as many as there are',
    here: 'ends with the answer; there are at most 64 for metrics, and connections with the token take precedence over others',
    reason: "strangers can't displace the hub and Prometheus",
    seen: [{ field: 'connection', of: /^metrics/, chp: /^kept/, here: /^closed$/ }],
  },
  {
    where: '`last_activity`',
    chp: 'set immediately',
    here: 'set by the same events, up to 5 s late',
    reason: 'Envoy counts them and reports every 2 s: no traffic passes through Node.js',
    seen: { byHand: 'the tests wait for it' },
  },
  {
    where: 'unix sockets: SIGTERM',
    chp: 'the file stays, and the next start finds the address in use',
    here: 'the file is removed; one left by a killed process is replaced, one in use is refused',
    reason: 'a restart works',
    seen: { byHand: 'what a second start finds is a test of its own, test/listeners' },
  },
  {
    where: "--metrics-ip '*', --api-ip '*'",
    chp: 'not resolved, nothing listens',
    here: 'all interfaces, as for --ip',
    reason: 'the same meaning for all',
    seen: { byHand: 'what does not listen can not be asked' },
  },
  {
    where: '--api-ssl-ca or --api-ssl-request-cert without key and certificate',
    chp: 'ignored',
    here: 'one line, exit status 1',
    reason: 'the API would be plain HTTP for everyone',
    seen: [{ field: 'exit', of: /an authority for the API without a certificate/, chp: /^it serves$/ }],
  },
  {
    where: '--storage-backend',
    chp: "looked for from CHP's own directory, asked for each request",
    here: 'looked for from the working directory first, read once at the start and written to with each change',
    reason: 'Envoy has the table; changes by other processes are seen at the next start',
    seen: { byHand: 'it shows in a store, not in a request' },
  },
  {
    where: '--storage-backend: what the class is made with',
    chp: 'all options, token and keys included',
    here: '`storageBackend`, `defaultTarget`, `hostRouting`, `log`',
    reason: 'secrets are only passed on if needed',
    seen: { byHand: 'it shows in a store, not in a request' },
  },
]
