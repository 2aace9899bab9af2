import type { Listener } from '#proto/envoy/config/listener/v3/Listener.js'

/** Envoy would bind a unix socket nevertheless, and take its file from the Envoy that serves there. */
const NOWHERE = { socket_address: { address: '127.0.0.1', port_value: 0 } }

/** The same listener for an Envoy that tries it out while another one serves. */
export function withoutPort<T extends Listener>(listener: T): T {
  const isPath = listener.address?.pipe !== undefined && listener.address.pipe !== null
  return { ...listener, ...(isPath && { address: NOWHERE }), bind_to_port: { value: false } }
}
