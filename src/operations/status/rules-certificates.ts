import type { CertificateInUse } from '../../metrics/snapshot.js'
import type { StatusFacts } from './facts.js'
import type { Finding } from './finding.js'

const DAY_MS = 86_400_000

/** Renewal is usually due at a third of 90 days; at this point it has failed for two weeks. */
const SOON_DAYS = 14

/** Certificates that have ended, or will soon. */
export function certificateRules({ snapshot }: StatusFacts): readonly Finding[] {
  return snapshot.certificates.flatMap((certificate) => finding(certificate, snapshot.at) ?? [])
}

/** Days until it ends, rounded down; negative once it has. */
export function daysLeft({ expires }: Pick<CertificateInUse, 'expires'>, now: Date): number {
  return Math.floor((expires.getTime() - now.getTime()) / DAY_MS)
}

function finding(certificate: CertificateInUse, now: Date): Finding | undefined {
  const { option, path } = certificate
  const days = daysLeft(certificate, now)
  if (days >= SOON_DAYS) return undefined
  const remedy = `Renew ${path}. It is loaded when the file changes; no restart is needed.`
  if (days >= 0) {
    const left = days === 0 ? 'in less than a day' : days === 1 ? 'in one day' : `in ${days} days`
    return { code: 'certificate_ends', level: 'amber', what: `The certificate of ${option} expires ${left}.`, remedy }
  }
  const who = option === '--ssl-cert' ? ': browsers refuse to show the site' : ''
  return { code: 'certificate_expired', level: 'red', what: `The certificate of ${option} has expired${who}.`, remedy }
}
