import type { NamedDifference } from '../differences.js'

export const TLS: readonly NamedDifference[] = [
  {
    where: 'the public port with TLS',
    chp: 'HTTP/1.1',
    here: 'HTTP/2 as well',
    reason: 'a page with many resources needs one connection',
    seen: [{ field: /^(tls|answer\.status|connection|seen)$/, of: /a client that offers HTTP\/2/ }],
  },
  {
    where: "a backend that wants the exact case of a websocket handshake's header names (QEMU, GTK's Broadway)",
    chp: 'never works: they are in lower case',
    here: 'works over HTTP/1.1; not over HTTP/2, as browsers use it on a port with TLS',
    reason: 'HTTP/2 has no case: see [tls.md](tls.md#http2)',
    seen: { byHand: 'browsers and such a backend are needed' },
  },
  {
    where: '`--ssl-protocol`',
    chp: '`SSLv23` means TLS 1.2, `TLSv1_3` does not start, `TLSv1` and `TLSv1_1` accept no connection',
    here: '1.2 and 1.3; exactly that version',
    reason: 'as requested',
    seen: [{ field: 'exit', of: /--ssl-protocol TLSv1_3/, chp: /^status 1$/, here: /^it serves$/ }],
  },
  {
    where: '`--ssl-ciphers` and its default',
    chp: "OpenSSL's, with DHE and CBC in the default",
    here: 'those that Envoy supports, see [tls.md](tls.md)',
    reason: 'the default has only ciphers that are still considered safe',
    seen: [
      { field: /^(connect|answer\.status|connection|seen)$/, of: /a cipher (without forward secrecy|of CBC mode)/ },
    ],
  },
  {
    where: '`--ssl-dhparam`, `--ssl-allow-rc4`',
    chp: 'DHE; RC4 if OpenSSL has it',
    here: 'no effect, with a warning',
    reason: 'Envoy supports neither',
    seen: { byHand: 'to make parameters takes longer than all cases, and no OpenSSL of today has RC4' },
  },
  {
    where: 'unfit keys and certificates',
    chp: 'start, or end with a stack trace',
    here: 'one line, exit status 1',
    reason: 'an operator can read it',
    seen: { byHand: 'what is printed is not compared' },
  },
  {
    where: 'certificates',
    chp: 'read at the start',
    here: 'read again when they change',
    reason: 'they are renewed while the proxy runs',
    seen: { byHand: 'a change in the course of time is a test of its own, test/tls/reload.test.ts' },
  },
  {
    where: 'https targets: the name',
    chp: "the certificate must be for the client's `Host` header, unless that is an address",
    here: "it must have the host of the target's URL as a subject alternative name",
    reason: 'a client must not choose which server is trusted',
    seen: [
      {
        field: /^(answer\.status|connection|seen)$/,
        of: /^target TLS: (our certificate is shown|a target by its name|a websocket)/,
        chp: /^503|^nothing$/,
      },
    ],
  },
  {
    where: 'https targets: SNI',
    chp: "the client's `Host`",
    here: "the host in the target's URL, none for an address",
    reason: 'it is the name that is verified',
    seen: { byHand: 'a test of its own, test/tls/targets.test.ts' },
  },
  {
    where: '`--insecure`',
    chp: 'no effect',
    here: 'https targets are not verified',
    reason: 'the meaning of the option',
    seen: [{ field: /^(answer\.status|seen)$/, of: /--insecure/, chp: /^503|^nothing$/ }],
  },
  {
    where: '`--client-ssl-key` under a passphrase',
    chp: "can't be used",
    here: '`CONFIGPROXY_CLIENT_SSL_KEY_PASSPHRASE`',
    reason: 'as for the other keys',
    seen: [{ field: /^(answer\.status|seen)$/, of: /our key is under a passphrase/, chp: /^(500|503)|^nothing$/ }],
  },
]
