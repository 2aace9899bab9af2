import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { readApiSettings } from '../../settings/api.js'
import { readExternal } from '../../settings/external.js'
import { readMachine } from '../../settings/machine.js'
import { readPublicTls } from '../../settings/public-tls.js'
import { readTargetTls } from '../../settings/target-tls.js'
import { certificatesIn } from '../../tls/files.js'
import type { Check, Verdict } from '../model/check.js'
import { failed, Inapplicable, ok } from '../model/check.js'
import type { Subject } from '../model/subject.js'

/** One of the certificates that the options name. */
interface Side {
  /** The first four characters of its checks' codes are `CEP0`, the next two these. */
  readonly number: '40' | '41' | '42' | '43'
  readonly option: string
  /** Whether browsers are shown it, or any client that asks for a name, or servers alone. */
  readonly shownTo: 'browsers' | 'clients' | 'servers'
  /** Undefined if there is none. @throws FatalError if it can't be used */
  readonly read: (subject: Subject) => Promise<Buffer | undefined>
}

export interface ChainFacts {
  /** The server's own first; empty if the files can't be used. */
  readonly chain: readonly X509Certificate[]
  readonly fault: string | undefined
  readonly now: Date
}

const SIDES: readonly Side[] = [
  {
    ...{ number: '40', option: '--ssl-cert', shownTo: 'browsers' },
    read: async ({ values, env }) => (await readPublicTls(values, env)).tls?.certificate.first.chain,
  },
  {
    ...{ number: '41', option: '--api-ssl-cert', shownTo: 'clients' },
    async read({ values, env }) {
      const cert = (await readApiSettings(values, env, readMachine())).tls?.context.first.cert
      return Buffer.isBuffer(cert) ? cert : undefined
    },
  },
  {
    ...{ number: '42', option: '--client-ssl-cert', shownTo: 'servers' },
    read: async ({ values, env }) => (await readTargetTls(values, env)).certificate?.first.chain,
  },
  {
    ...{ number: '43', option: '--xds-ssl-cert', shownTo: 'clients' },
    read: async ({ values, env }) => (await readExternal(values, env))?.tls?.certificate.first.chain,
  },
]

async function factsOf({ option, read }: Side, subject: Subject): Promise<ChainFacts> {
  const now = new Date()
  const isGiven = Object.values(pathsOf(subject, option)).some((path) => path !== undefined)
  if (!isGiven) throw new Inapplicable(`${option} is not given`)
  try {
    const chain = await read(subject)
    if (chain === undefined) throw new Inapplicable(`${option} is not in use`)
    return { chain: certificatesIn(chain), fault: undefined, now }
  } catch (error) {
    if (error instanceof Inapplicable) throw error
    return { chain: [], fault: (error as Error).message, now }
  }
}

function pathsOf({ values }: Subject, option: string): ReadonlyArray<string | undefined> {
  return (
    {
      '--ssl-cert': [values.sslCert, values.sslKey],
      '--api-ssl-cert': [values.apiSslCert, values.apiSslKey],
      '--client-ssl-cert': [values.clientSslCert, values.clientSslKey],
      '--xds-ssl-cert': [values.xdsSslCert, values.xdsSslKey],
    }[option] ?? []
  )
}

/** How many days before its end a certificate should have been renewed. */
const DAYS = 14

const DAY_MS = 86_400_000

function checksOf(side: Side): ReadonlyArray<Check<Subject, ChainFacts>> {
  const { number, option, shownTo } = side
  const gather = (subject: Subject) => factsOf(side, subject)
  const key = option.replace('cert', 'key')
  const ofChain = (judge: (leaf: X509Certificate, facts: ChainFacts) => Verdict) => (facts: ChainFacts) => {
    const [leaf] = facts.chain
    if (leaf === undefined) throw new Error(`the certificate can't be read (CEP0${number}1)`)
    return judge(leaf, facts)
  }
  return [
    {
      ...{ code: `CEP0${number}1` as const, fatal: true, gather },
      question: `Can the certificate of ${option} be read, and does its key fit?`,
      remedy: `Give the pair that belongs together: openssl x509 -noout -pubkey -in CERT, openssl pkey -pubout -in KEY for ${key}`,
      judge: ({ chain, fault }) => (fault === undefined ? ok(subjectOf(chain[0])) : failed(fault.replace(/\.$/, ''))),
    },
    {
      ...{ code: `CEP0${number}2` as const, fatal: true, gather },
      question: `Is the certificate of ${option} valid today?`,
      remedy: 'Renew it; the proxy takes up new files by itself: openssl x509 -noout -dates -in CERT',
      judge: ofChain(judgeValidity),
    },
    {
      ...{ code: `CEP0${number}3` as const, fatal: false, gather },
      question: `Is the certificate of ${option} valid for ${DAYS} more days?`,
      remedy: 'Renew it, and see why that was not done by itself: certbot renew --dry-run',
      judge: ofChain(judgeRemaining),
    },
    {
      ...{ code: `CEP0${number}4` as const, fatal: false, gather },
      question: `Is the chain of ${option} complete and in order?`,
      remedy:
        "Put the intermediate certificates after the server's own into its file: cat cert.pem chain.pem > fullchain.pem",
      judge: ofChain((_leaf, { chain }) => judgeChain(chain, shownTo === 'browsers')),
    },
    ...(shownTo !== 'servers'
      ? [
          {
            ...{ code: `CEP0${number}5` as const, fatal: false, gather },
            question: `Does the certificate of ${option} have a name that clients look at?`,
            remedy: 'Get one with a subject alternative name: openssl x509 -noout -ext subjectAltName -in CERT',
            judge: ofChain(judgeNames),
          },
        ]
      : []),
  ]
}

function subjectOf(leaf: X509Certificate | undefined): string {
  return leaf === undefined ? 'none' : leaf.subject.replaceAll('\n', ', ') || leaf.subjectAltName || leaf.serialNumber
}

function judgeValidity(_leaf: X509Certificate, { chain, now }: ChainFacts): Verdict {
  for (const certificate of chain) {
    const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)]
    if (to < now) return failed(`${subjectOf(certificate)} expired on ${day(to)}`)
    if (from > now) return failed(`${subjectOf(certificate)} is valid from ${day(from)} on, and it is ${day(now)}`)
  }
  return ok(`until ${day(endOf(chain))}`)
}

function judgeRemaining(_leaf: X509Certificate, { chain, now }: ChainFacts): Verdict {
  const days = Math.floor((endOf(chain).getTime() - now.getTime()) / DAY_MS)
  return days < DAYS ? failed(`${Math.max(days, 0)} days are left`) : ok(`${days} days are left`)
}

/** The first of their ends. */
function endOf(chain: readonly X509Certificate[]): Date {
  return new Date(Math.min(...chain.map(({ validTo }) => new Date(validTo).getTime())))
}

/**
 * Each must be signed by the next, and the last by a public authority, or by itself. Hubs and Envoys have authorities of
 * their own, which nothing here knows; browsers trust public ones.
 */
function judgeChain(chain: readonly X509Certificate[], forBrowsers: boolean): Verdict {
  for (const [at, certificate] of chain.entries()) {
    const next = chain[at + 1]
    if (next !== undefined && !certificate.checkIssued(next)) {
      return failed(`${subjectOf(certificate)} is not signed by the one after it, ${subjectOf(next)}`)
    }
  }
  const last = chain.at(-1)
  if (last === undefined) return failed('there is no certificate')
  const issuer = last.issuer.replaceAll('\n', ', ')
  const found = `${chain.length === 1 ? 'one certificate' : `${chain.length} certificates`}, up to ${issuer}`
  if (!forBrowsers) return ok(found)
  if (last.checkIssued(last)) {
    return chain.length > 1
      ? ok(found)
      : failed(
          'it has signed itself: only browsers that were given it trust it',
          'certbot certonly, or another authority',
        )
  }
  return rootCertificates.some((root) => last.checkIssued(new X509Certificate(root)))
    ? ok(found)
    : failed(`the certificate of ${issuer} is missing, or browsers must have it: no public authority has that name`)
}

function judgeNames(leaf: X509Certificate): Verdict {
  const { subjectAltName } = leaf
  return subjectAltName === undefined
    ? failed('it has a common name alone, which browsers no longer look at')
    : ok(subjectAltName)
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}

export const CERTIFICATES: ReadonlyArray<Check<Subject, ChainFacts>> = SIDES.flatMap(checksOf)
