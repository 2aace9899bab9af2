export interface Answer {
  /** 0 if there was none. */
  readonly status: number
  readonly body: string
}

/** Asks on a connection of its own, which is not left open: its other end may go with its network, without a word. */
export async function ask(url: string, { headers, ...init }: RequestInit = {}): Promise<Answer> {
  try {
    const response = await fetch(url, { ...init, headers: { ...headers, connection: 'close' } })
    return { status: response.status, body: await response.text() }
  } catch (error) {
    return { status: 0, body: String(error) }
  }
}
