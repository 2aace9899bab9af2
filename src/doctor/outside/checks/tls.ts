import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { isIP } from 'node:net'
import { checkServerIdentity, connect } from 'node:tls'
import type { Check } from '../../model/check.js'
import { failed, Inapplicable, ok } from '../../model/check.js'
import { urlOf } from '../request.js'
import type { Visit } from '../visit.js'

const LIMIT_MS = 10_000
const DAY_MS = 86_400_000
/** How many days before its end a certificate should have been renewed. */
const DAYS = 14

export interface ShownCertificate {
  readonly host: string
  /** OpenSSL's word for what is wrong with the chain; undefined if it is trusted. */
  readonly distrusted: string | undefined
  /** Why it isn't that of the host. */
  readonly otherName: string | undefined
  readonly until: Date
  readonly now: Date
}

async function shownBy({ url }: Visit): Promise<ShownCertificate> {
  if (url.protocol !== 'https:') throw new Inapplicable('the public URL is not https')
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const name = isIP(host) === 0 ? { servername: host } : {}
  const socket = connect({ host, port: Number(url.port || 443), rejectUnauthorized: false, ...name })
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(LIMIT_MS) })
  const certificate = socket.getPeerCertificate()
  const { authorizationError } = socket
  socket.destroy()
  const otherName = checkServerIdentity(host, certificate)?.message
  // The name has words of its own, in which OpenSSL's would be a second time.
  const code = authorizationError === null ? undefined : String(authorizationError)
  const distrusted = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? undefined : code
  return { host, distrusted, otherName, until: new Date(certificate.valid_to), now: new Date() }
}

export const CERTIFICATE_TRUSTED: Check<Visit, ShownCertificate> = {
  code: 'CEP0811',
  question: 'Do browsers trust the certificate of the public URL?',
  fatal: true,
  remedy:
    'Renew it, or complete its chain. nginx: ssl_certificate /etc/nginx/tls/fullchain.pem; (for a private authority run doctor with NODE_EXTRA_CA_CERTS=ca.pem)',
  gather: shownBy,
  judge({ host, distrusted, otherName, until, now }) {
    if (until < now) return failed(`it expired on ${until.toISOString().slice(0, 10)}`)
    if (otherName !== undefined) return failed(`it is not for ${host}: ${otherName}`)
    return distrusted === undefined ? ok(`for ${host}`) : failed(WORDS[distrusted] ?? distrusted)
  },
}

const WORDS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it has signed itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not a public one',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'an intermediate certificate is missing, or its authority is not a public one',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'an intermediate certificate is missing, or its authority is not a public one',
}

export const CERTIFICATE_LASTS: Check<Visit, ShownCertificate> = {
  code: 'CEP0812',
  question: `Is the certificate of the public URL valid for ${DAYS} more days?`,
  fatal: false,
  remedy: 'Renew it, and see why that was not done by itself: certbot renew --dry-run',
  gather: shownBy,
  judge({ until, now }) {
    const days = Math.floor((until.getTime() - now.getTime()) / DAY_MS)
    return days < DAYS ? failed(`${Math.max(0, days)} days are left`) : ok(`${days} days are left`)
  },
}

export const HTTP2: Check<Visit, number | undefined> = {
  code: 'CEP0813',
  question: 'Does the public URL speak HTTP/2?',
  fatal: false,
  remedy:
    'Over HTTP/1.1 a browser has six connections for all tabs of a hub. nginx: listen 443 ssl http2; (from 1.25.1 on: http2 on;)',
  async gather(visit) {
    const url = urlOf(visit)
    if (url.protocol !== 'https:') throw new Inapplicable('browsers speak it over https alone')
    const session = connectHttp2(url.origin, { rejectUnauthorized: false })
    try {
      await once(session, 'connect', { signal: AbortSignal.timeout(LIMIT_MS) })
      const request = session.request({ ':path': url.pathname + url.search })
      const [headers] = await once(request, 'response', { signal: AbortSignal.timeout(LIMIT_MS) })
      return Number((headers as { ':status'?: number })[':status'])
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_HTTP2_ERROR') return undefined
      if ((error as Error).name === 'AbortError') throw new Error(`no answer within ${LIMIT_MS / 1000} s`)
      return undefined
    } finally {
      session.destroy()
    }
  },
  judge: (status) => (status === undefined ? failed('it does not') : ok(`it answers ${status}`)),
}
