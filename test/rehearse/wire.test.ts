import fc from 'fast-check'
import t from 'tap'
import { FrameReader, frame, OPCODE } from '../../src/rehearse/wire/frames.js'
import { HttpReader } from '../../src/rehearse/wire/http-reader.js'

interface Read {
  readonly heads: string[]
  readonly bodies: string[]
  raw: string
}

/** What a reader makes of bytes that come in these pieces. */
function read(kind: 'request' | 'response', pieces: readonly Buffer[]): Read {
  const found: Read = { heads: [], bodies: [], raw: '' }
  let body = ''
  const reader = new HttpReader(kind, {
    onHead: (head) => {
      found.heads.push(head)
      return / 101 |\r\nupgrade:/i.test(head)
    },
    onBody: (part) => {
      body += part.toString('latin1')
    },
    onEnd: () => {
      found.bodies.push(body)
      body = ''
    },
    onRaw: (part) => {
      found.raw += part.toString('latin1')
    },
  })
  for (const piece of pieces) reader.push(piece)
  reader.close()
  return found
}

/** Cuts bytes at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((one, other) => one - other), bytes.length]
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

const places = fc.array(fc.nat(), { maxLength: 20 })

const RESPONSES = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /b\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nTrailer: x\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n',
  'HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
].join('')

t.test('responses are read alike, however they are cut', async (t) => {
  const whole = read('response', [Buffer.from(RESPONSES)])
  t.strictSame(whole.bodies, ['hello', '', 'hello world', '', '', ''])
  t.equal(whole.heads[1], 'HTTP/1.1 302 Found\r\nLocation: /b\r\ncontent-length: 0', 'interim responses are left out')
  fc.assert(
    fc.property(places, (at) => {
      return JSON.stringify(read('response', cut(Buffer.from(RESPONSES), at))) === JSON.stringify(whole)
    }),
  )
})

t.test('requests are read alike, with and without bodies', async (t) => {
  const text =
    'GET /a HTTP/1.1\r\nHost: x\r\n\r\nPUT /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST /c HTTP/1.1\r\n' +
    'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /d HTTP/1.1\r\nUpgrade: websocket\r\n\r\nraw bytes'
  const whole = read('request', [Buffer.from(text)])
  t.strictSame(whole.bodies, ['', 'abc', 'abc'])
  t.equal(whole.raw, 'raw bytes')
  fc.assert(
    fc.property(places, (at) => {
      return JSON.stringify(read('request', cut(Buffer.from(text), at))) === JSON.stringify(whole)
    }),
  )
})

t.test('a response that ends with the connection is whole, one that is cut off is not', async (t) => {
  const open = read('response', [Buffer.from('HTTP/1.1 200 OK\r\n\r\nto the end')])
  t.strictSame(open.bodies, ['to the end'])
  for (const text of [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell',
    'HTTP/1.1 200',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n',
  ]) {
    t.strictSame(read('response', [Buffer.from(text)]).bodies, [])
  }
})

t.test('what is no HTTP is an error', async (t) => {
  t.throws(() => read('response', [Buffer.from('SSH-2.0-OpenSSH\r\n\r\n')]), /no HTTP/)
  t.throws(
    () => read('response', [Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n')]),
    /chunk/,
  )
  t.throws(() => read('response', [Buffer.alloc(100_000, 'HTTP/1.1 ')]), /head without end/)
})

const messages = fc.array(
  fc.record({
    opcode: fc.constantFrom(...Object.values(OPCODE)),
    size: fc.constantFrom(0, 1, 125, 126, 65_535, 65_536),
  }),
  { minLength: 1, maxLength: 4 },
)

t.test('frames are read as they were made, however they are cut', async () => {
  fc.assert(
    fc.property(messages, fc.constantFrom('client' as const, 'server' as const), places, (some, sender, at) => {
      const sent = some.map(({ opcode, size }) => ({ opcode, payload: Buffer.alloc(size, 'payload') }))
      const bytes = Buffer.concat(sent.map(({ opcode, payload }) => frame(sender, opcode, payload)))
      const found: Array<{ opcode: number; payload: Buffer }> = []
      const reader = new FrameReader((opcode, payload) => found.push({ opcode, payload }), true)
      for (const piece of cut(bytes, at)) reader.push(piece)
      return (
        found.length === sent.length &&
        found.every(({ opcode, payload }, i) => opcode === sent[i]?.opcode && payload.equals(sent[i]?.payload))
      )
    }),
  )
})

t.test('a masked frame is unmasked', async (t) => {
  const found: string[] = []
  const reader = new FrameReader((_opcode, payload) => found.push(payload.toString()), true)
  // "Hello" of RFC 6455, section 5.7.
  reader.push(Buffer.from([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]))
  t.strictSame(found, ['Hello'])
})
