import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { World } from '../world.js'
import type { NamedIncident } from './incident.js'

const IDLE = 2_000
const A_SECOND = 200
const FOR_MS = 20_000
const EVERY_MS = 50

export const FLOOD_OF_CONNECTIONS: NamedIncident = {
  name: 'flood-of-connections',
  description: `For 20 s ${IDLE} connections are held that never finish a request, and ${A_SECOND} a second come and are cut.`,
  noticed: 'Nothing.',
  source: 'https://github.com/jupyterhub/configurable-http-proxy/issues/557',
  interrupts: false,
  needs: [],
  async run(world) {
    const held: Socket[] = []
    let cut = 0
    for (let turn = 0; turn < FOR_MS / EVERY_MS && !world.over.aborted; turn += 1) {
      const missing = Math.min(IDLE - held.length, IDLE / 20)
      held.push(...Array.from({ length: missing }, () => open(world)))
      const passing = Array.from({ length: (A_SECOND * EVERY_MS) / 1000 }, () => open(world))
      cut += passing.length
      await world.wait(EVERY_MS)
      for (const socket of passing) socket.resetAndDestroy()
    }
    const lasted = held.filter((socket) => !socket.destroyed && !socket.connecting).length
    world.did(`held ${lasted} of ${held.length} connections, cut ${cut} others`)
    for (const socket of held) socket.destroy()
  },
}

/** A request that has begun and never ends. */
function open({ proxy, users }: World): Socket {
  const { hostname, port, protocol } = new URL(proxy.publicUrl)
  const socket = connect(Number(port || (protocol === 'https:' ? 443 : 80)), hostname)
  socket.on('error', () => {}).on('close', () => socket.destroy())
  // Over TLS this is the beginning of no handshake, and held just as well.
  socket.write(protocol === 'https:' ? '\x16\x03\x01' : `GET /user/${users.name(0)}/api HTTP/1.1\r\nHost: flood\r\n`)
  return socket.resume()
}
