import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { FatalError } from '../../platform/fatal-error.js'

export interface CertificateFiles {
  readonly keyFile: string
  readonly certFile: string
}

/** The files of the certificate in a directory. */
export function certificateFiles(directory: string): CertificateFiles {
  return { keyFile: join(directory, 'rehearsal.key'), certFile: join(directory, 'rehearsal.crt') }
}

/**
 * Makes a key and a certificate for this machine, signed by itself; what was there is replaced.
 *
 * @throws FatalError if openssl is missing or fails
 */
export async function makeCertificate({ keyFile, certFile }: CertificateFiles): Promise<void> {
  const subject = ['-subj', '/CN=rehearsal', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile]
  try {
    await promisify(execFile)('openssl', ['req', '-x509', '-days', '30', ...key, '-out', certFile, ...subject])
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new FatalError(
      isMissing
        ? 'The certificate for this rehearsal is made by openssl, which is missing: install it.'
        : `openssl can't make a certificate: ${(error as Error).message}`,
    )
  }
}
