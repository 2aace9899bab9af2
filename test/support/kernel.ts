import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { RawData, WebSocket } from 'ws'

/** As much of a message of Jupyter's protocol as is looked at here. */
interface KernelMessage {
  readonly msg_type: string
  readonly parent_header: { readonly msg_id?: string }
  readonly content: { readonly data?: Readonly<Record<string, string>>; readonly ename?: string }
}

const LIMIT_MS = 60_000

/**
 * Runs code in the kernel behind a websocket and returns its result as text.
 *
 * @throws Error if the websocket ends first, the code fails or nothing comes within a minute
 */
export async function execute(socket: WebSocket, code: string): Promise<string> {
  const id = randomUUID()
  if (socket.readyState === socket.CONNECTING) await once(socket, 'open')
  const result = answerTo(socket, id)
  socket.send(
    JSON.stringify({
      channel: 'shell',
      header: { msg_id: id, msg_type: 'execute_request', session: randomUUID(), username: '', version: '5.3' },
      parent_header: {},
      metadata: {},
      content: { code, silent: false, store_history: true, allow_stdin: false },
    }),
  )
  return result
}

async function answerTo(socket: WebSocket, id: string): Promise<string> {
  const waiting = new AbortController()
  try {
    return await new Promise<string>((resolve, reject) => {
      const onMessage = (data: RawData) => {
        const { msg_type, parent_header, content } = JSON.parse(String(data)) as KernelMessage
        if (parent_header.msg_id !== id) return
        if (msg_type === 'execute_result') resolve(content.data?.['text/plain'] ?? '')
        if (msg_type === 'error') reject(new Error(`the kernel says ${content.ename}`))
      }
      const onClose = (status: number) => reject(new Error(`the websocket ended with ${status}`))
      const limit = setTimeout(() => reject(new Error('no result from the kernel')), LIMIT_MS)
      socket.on('message', onMessage).on('close', onClose)
      waiting.signal.addEventListener('abort', () => {
        clearTimeout(limit)
        socket.off('message', onMessage).off('close', onClose)
      })
    })
  } finally {
    waiting.abort()
  }
}
