import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { connect as connectTls } from 'node:tls'
import type { ClientTls } from './case.js'

/** Whether something accepts connections there. */
export function canConnect(at: number | string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = open(at)
    socket.once('connect', () => {
      resolve(true)
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
  })
}

/** A connection that is open, with what TLS agreed on. */
export interface Opened {
  readonly socket: Socket
  readonly tls: string
}

/** @throws if nothing accepts it or TLS can't agree */
export function openConnection(at: number | string, tls: ClientTls | undefined, certs: string): Promise<Opened> {
  const socket = open(at)
  const secured = tls === undefined ? undefined : secure(socket, tls, certs)
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    if (secured === undefined) socket.once('connect', () => resolve({ socket, tls: '' }))
    secured?.once('error', reject)
    secured?.once('secureConnect', () => {
      const facts = [secured.getProtocol(), secured.alpnProtocol || 'no ALPN', secured.getPeerCertificate().subject?.CN]
      resolve({ socket: secured, tls: facts.join(', ') })
    })
    // With TLS an end without an error happens too.
    socket.once('close', () => reject(new Error('closed')))
  })
}

function open(at: number | string): Socket {
  return typeof at === 'string' ? connect(at) : connect(at, '127.0.0.1')
}

function secure(socket: Socket, tls: ClientTls, certs: string): TLSSocket {
  const pem = (name: string) => readFileSync(join(certs, name))
  return connectTls({
    socket,
    ca: pem('ca.pem'),
    servername: 'localhost',
    ...(tls.certificate && { cert: pem(`${tls.certificate}.pem`), key: pem(`${tls.certificate}.key`) }),
    ...(tls.minVersion && { minVersion: tls.minVersion }),
    ...(tls.maxVersion && { maxVersion: tls.maxVersion }),
    ...(tls.ciphers && { ciphers: tls.ciphers }),
    ALPNProtocols: [...(tls.alpn ?? [])],
  })
}
