import { isIP } from 'node:net'
import type { Check } from '../../model/check.js'
import { failed, ok, undone } from '../../model/check.js'
import { arrival, ask } from '../request.js'
import type { Visit } from '../visit.js'

export interface HeaderFacts {
  readonly url: URL
  /** This machine's address, as the first hop saw it. */
  readonly own: string
  readonly host: string | undefined
  /** The entries of X-Forwarded-Proto and X-Forwarded-For, the first hop's first. */
  readonly proto: readonly string[]
  readonly forwardedFor: readonly string[]
}

async function arrived(visit: Visit): Promise<HeaderFacts> {
  const { own, arrived } = await arrival(visit)
  const { host, 'x-forwarded-proto': proto, 'x-forwarded-for': forwardedFor } = arrived.headers
  return {
    url: visit.url,
    own,
    host: entriesOf(host)[0],
    proto: entriesOf(proto),
    forwardedFor: entriesOf(forwardedFor),
  }
}

function entriesOf(header: string | readonly string[] | undefined): string[] {
  const entries = [header ?? []].flat().join(',').split(',')
  return entries.map((entry) => entry.trim()).filter((entry) => entry !== '')
}

export const FORWARDED_PROTO: Check<Visit, HeaderFacts> = {
  code: 'CEP0825',
  question: "Does X-Forwarded-Proto arrive with the public URL's scheme first?",
  fatal: false,
  remedy: 'Redirects and logins go to the wrong scheme. nginx: proxy_set_header X-Forwarded-Proto $scheme;',
  gather: arrived,
  judge({ url, proto }) {
    const scheme = url.protocol.slice(0, -1)
    const [first] = proto
    if (first === undefined) return failed('it does not arrive; --no-x-forward leaves it out too')
    return first === scheme ? ok(proto.join(', ')) : failed(`it says ${proto.join(', ')}, and the URL is ${scheme}`)
  },
}

const PRIVATE = /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd]|fe80:)/i
const LOOPBACK = /^(127\.|::1$)/

export const FORWARDED_FOR: Check<Visit, HeaderFacts> = {
  code: 'CEP0826',
  question: "Does X-Forwarded-For arrive with the client's address first?",
  fatal: false,
  remedy: 'Logs and limits see one client only. nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
  gather: arrived,
  judge({ own, forwardedFor }) {
    const [first] = forwardedFor
    const shown = forwardedFor.join(', ')
    if (first === undefined) return failed('it does not arrive; --no-x-forward leaves it out too')
    if (first === own) return ok(shown)
    if (isIP(first) === 0) return failed(`its first entry is no address: ${shown}`)
    if (LOOPBACK.test(first))
      return failed(`it says ${shown}: the address of what stands in front, not of the client (${own})`)
    if (PRIVATE.test(own) && !PRIVATE.test(first))
      return ok(`${shown}, which should be the address that ${own} has outside`)
    return undone(`it says ${shown}; whether that is this machine (${own}) can't be seen from here`)
  },
}

export const HOST: Check<Visit, HeaderFacts> = {
  code: 'CEP0827',
  question: 'Does the Host header arrive as the client sends it?',
  fatal: true,
  remedy: 'The hub refuses requests as coming from another site. nginx: proxy_set_header Host $http_host;',
  gather: arrived,
  judge: ({ url, host }) =>
    host === url.host ? ok(url.host) : failed(`it arrives as ${host ?? 'none'}, and the client sends ${url.host}`),
}

/** A path with a slash and an at sign that are escaped, as names of users and files have them. */
const ESCAPED = '/a%2Fb/c%40d'

export const ESCAPES: Check<Visit, string> = {
  code: 'CEP0828',
  question: 'Do escaped characters in paths arrive as they were sent?',
  fatal: false,
  remedy:
    'Files and users with such names are not found. nginx: a proxy_pass without a path, not even a slash: proxy_pass http://127.0.0.1:8000;',
  async gather(visit) {
    await arrival(visit)
    const { status, arrived } = await ask(visit, { suffix: ESCAPED })
    return arrived?.url.split('?')[0] ?? `(answered ${status})`
  },
  judge: (path) =>
    path.endsWith(ESCAPED) ? ok(ESCAPED) : failed(`${ESCAPED} arrives as ${path.replace(/^.*_cep-doctor-\w+/, '')}`),
}
