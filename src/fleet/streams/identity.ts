import { X509Certificate } from 'node:crypto'
import type { PeerCertificate } from 'node:tls'
import { checkServerIdentity } from 'node:tls'

/**
 * What a certificate is for, such as `DNS:proxy-xds` and `IP Address:10.0.0.1`. Node.js quotes a name with characters that
 * no host's name has, such as a comma: what is in it could be taken for other names.
 */
function namesIn(list = ''): readonly string[] {
  if (list.includes('"')) return []
  return list.split(', ').filter((name) => /^(?:DNS|IP Address):/.test(name))
}

/**
 * Whether the other end is a member, and not an Envoy: both have certificates of the same authorities. A member's is for
 * the host at which it can be reached, or for a name that our own certificate is for, too.
 *
 * @param own our own certificate, in PEM
 * @param host of the other's address; undefined if it has none
 */
export function isMember(peer: PeerCertificate, own: Buffer, host: string | undefined): boolean {
  if (host !== undefined && checkServerIdentity(host, peer) === undefined) return true
  const ours = new Set(namesIn(new X509Certificate(own).subjectAltName))
  return namesIn(peer.subjectaltname).some((name) => ours.has(name))
}

const ADDRESS = /^(?:\[(?<v6>[^\]\s]+)\]|(?<host>[^\s:/[\]]+)):\d{1,5}$/

/** The host of `host:port`; undefined for a text of another form. */
export function hostOf(address: string): string | undefined {
  const { v6, host } = ADDRESS.exec(address)?.groups ?? {}
  return v6 ?? host
}
