import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:tls'
import { makeCertificate } from '../target/certificate.js'
import type { World } from '../world.js'
import { killedDeed } from './deeds.js'
import type { NamedIncident } from './incident.js'
import { EVERY_ROLE, untilAccepting } from './parts.js'

const SEEN_WITHIN_MS = 5_000
const LOOK_EVERY_MS = 250

export const CERTIFICATE_RENEWED: NamedIncident = {
  name: 'certificate-renewed',
  description: `The files of the certificate are replaced. Unless the proxy serves the new one within ${SEEN_WITHIN_MS / 1000} s, it is killed for its hub to start it again.`,
  noticed: 'Nothing: connections stay, and new ones get the new certificate.',
  source: 'every certificate that a program renews, each 60 days or so',
  interrupts: false,
  needs: ['own proxy', 'played hub', 'tls'],
  async run(world) {
    const { certificate } = world.proxy
    if (certificate === undefined) throw new Error('the proxy was started without a certificate')
    await makeCertificate(certificate)
    const wanted = fingerprint(new X509Certificate(await readFile(certificate.certFile)).raw)
    world.did('replaced the files of the certificate')
    for (let waited = 0; waited < SEEN_WITHIN_MS; waited += LOOK_EVERY_MS) {
      if ((await served(world)) === wanted) return world.did('new connections get the new certificate')
      if (!(await world.wait(LOOK_EVERY_MS))) return
    }
    world.did('it serves the old one still, and is restarted for it')
    // Nothing is excused: a proxy need not be restarted for this.
    world.did(killedDeed(await world.proxy.kill(EVERY_ROLE)))
    await untilAccepting(world)
    if ((await served(world)) !== wanted) throw new Error('it serves the old certificate after a restart')
  },
}

/** The certificate that a new connection gets; undefined if it gets none. */
async function served({ proxy, over }: World): Promise<string | undefined> {
  const { hostname, port } = new URL(proxy.publicUrl)
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
  try {
    await once(socket, 'secureConnect', { signal: over })
    return fingerprint(socket.getPeerCertificate().raw)
  } catch {
    return undefined
  } finally {
    socket.destroy()
  }
}

function fingerprint(certificate: Buffer): string {
  return createHash('sha256').update(certificate).digest('hex')
}
