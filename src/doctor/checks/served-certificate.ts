import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:tls'
import { clientAddress } from '../../api/client.js'
import { readPublicTls } from '../../settings/public-tls.js'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok, usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'
import { isRunning } from '../model/subject.js'

export interface ServedFacts {
  /** SHA-256 fingerprints. */
  readonly inFile: string
  readonly served: string
}

const LIMIT_MS = 5_000

export const SERVED_CERTIFICATE: Check<Subject, ServedFacts> = {
  code: 'CEP0406',
  question: 'Does the running proxy serve the certificate that is in the file now?',
  fatal: false,
  remedy: 'The log says why the new one was not taken up; most often only one of the two files was replaced',
  async gather(subject) {
    if (!isRunning(subject)) throw new Inapplicable('it does not run')
    const { tls } = await readPublicTls(subject.values, subject.env)
    if (tls === undefined) throw new Inapplicable('--ssl-cert is not given')
    const socket = connect({ ...clientAddress(usable(subject.sections.public)), rejectUnauthorized: false })
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(LIMIT_MS) })
    const served = socket.getPeerX509Certificate()?.fingerprint256 ?? 'none'
    socket.destroy()
    return { inFile: new X509Certificate(tls.certificate.first.chain).fingerprint256, served }
  },
  judge: ({ inFile, served }) =>
    inFile === served
      ? ok('it does')
      : failed(`it serves ${served.slice(0, 23)}..., the file has ${inFile.slice(0, 23)}...`),
}
