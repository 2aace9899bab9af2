// A server that routes lead to, in a process of its own. Less than an HTTP server, so that the proxy in front of it is
// what limits: it expects requests without a body and answers each with the same few bytes.
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

const END_OF_REQUEST = '\r\n\r\n'
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok'

const server = createServer({ noDelay: true }, (socket) => {
  let received = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    const requests = (received + chunk).split(END_OF_REQUEST)
    received = requests.pop() ?? ''
    socket.write(ANSWER.repeat(requests.length))
  })
  socket.on('error', () => socket.destroy())
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
