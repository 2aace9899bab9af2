import { once } from 'node:events'
import { request } from 'node:http'
import { WebSocket } from 'ws'
import { ask } from '../support/http.js'
import { freePorts } from '../support/ports.js'

/** What users may do with a route, at the public port below a path; what stays open is ended by the function returned. */
export type Deed = (port: number, path: string) => Promise<(() => void) | undefined>

async function answered(port: number, path: string, status: number, method = 'GET', body?: string): Promise<undefined> {
  const answer = await ask(port, `${path}/?status=${status}`, { method }, body)
  if (answer.status !== status) throw new Error(`${answer.status} in place of ${status}`)
}

async function openSocket(port: number, path: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
  await once(socket, 'open')
  return socket
}

/** Each deed, and whether CHP takes it for activity. */
export const DEEDS: Readonly<Record<string, { readonly counts: boolean; readonly deed: Deed }>> = {
  nothing: { counts: false, deed: async () => undefined },
  'a 200': { counts: true, deed: (port, path) => answered(port, path, 200) },
  'a 204': { counts: true, deed: (port, path) => answered(port, path, 204) },
  'a redirect': { counts: false, deed: (port, path) => answered(port, path, 302) },
  'a 304': { counts: false, deed: (port, path) => answered(port, path, 304) },
  'a 404': { counts: false, deed: (port, path) => answered(port, path, 404) },
  'a 500': { counts: false, deed: (port, path) => answered(port, path, 500) },
  'a body answered 404': { counts: true, deed: (port, path) => answered(port, path, 404, 'POST', 'body') },
  'an empty body answered 404': { counts: false, deed: (port, path) => answered(port, path, 404, 'POST', '') },
  'an upload under way': {
    counts: true,
    async deed(port, path) {
      const upload = request({ port, path: `${path}/`, method: 'PUT', agent: false })
      upload.on('error', () => {})
      await new Promise((resolve) => upload.write('first part', resolve))
      return () => upload.destroy()
    },
  },
  'a websocket opened': {
    counts: false,
    async deed(port, path) {
      const socket = await openSocket(port, path)
      return () => socket.terminate()
    },
  },
  'a websocket with data from the server only': {
    counts: false,
    async deed(port, path) {
      const socket = await openSocket(port, `${path}/talkative`)
      await once(socket, 'message')
      return () => socket.terminate()
    },
  },
  'a websocket with data from the client': {
    counts: true,
    async deed(port, path) {
      const socket = await openSocket(port, path)
      socket.send('data')
      await once(socket, 'message')
      return () => socket.terminate()
    },
  },
  'a websocket that is refused': {
    counts: false,
    async deed(port, path) {
      const headers = { Connection: 'Upgrade', Upgrade: 'websocket' }
      const { status } = await ask(port, `${path}/refused`, { headers })
      if (status !== 403) throw new Error(`${status} in place of 403`)
      return undefined
    },
  },
}

/** What to do with the targets of routes that lead nowhere. */
export const DEAD_DEEDS: typeof DEEDS = {
  'a backend that is not there': { counts: false, deed: (port, path) => answered(port, path, 503) },
  'a body for a backend that is not there': {
    counts: true,
    deed: (port, path) => answered(port, path, 503, 'POST', 'body'),
  },
}

export async function deadTarget(): Promise<string> {
  const [port] = await freePorts(1)
  return `http://127.0.0.1:${port}`
}
