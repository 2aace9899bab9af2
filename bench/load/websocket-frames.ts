/** Bytes of the text in every message. */
export const TEXT_BYTES = 64

/** The same message as a client sends it, which is masked, and as a server does. */
export const CLIENT_FRAME = Buffer.concat([
  Buffer.from([0x81, 0x80 | TEXT_BYTES]),
  Buffer.from([0, 0, 0, 0]),
  Buffer.alloc(TEXT_BYTES, 'x'),
])
export const SERVER_FRAME = Buffer.concat([Buffer.from([0x81, TEXT_BYTES]), Buffer.alloc(TEXT_BYTES, 'x')])
