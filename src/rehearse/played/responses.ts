/** Says which server has answered, so that a user notices another's. Stands in all responses but those of static files. */
export const SERVED_BY = 'X-Served-By'

/** The files of JupyterLab's start: about as many as JupyterLab 4 fetches, and of such sizes, in bytes. */
export const STATIC_FILES: readonly number[] = Array.from({ length: 110 }, (_, at) => fileSize(at))

/** A few large bundles, then ever smaller ones: 3.4 MB in all. */
function fileSize(at: number): number {
  if (at < 3) return 400_000
  return Math.round(180_000 / (at - 1)) + 1_200
}

/** What a user downloads, in bytes. */
const DOWNLOAD_BYTES = 2_000_000

const OK = 'HTTP/1.1 200 OK'

/** A response as it goes over the wire. */
export function response(status: string, headers: readonly string[], body: Buffer | string): Buffer {
  const content = typeof body === 'string' ? Buffer.from(body) : body
  const lines = [status, ...headers, `Content-Length: ${content.length}`]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content])
}

/** The static files, which are the same for all. */
export const STATIC_RESPONSES: readonly Buffer[] = STATIC_FILES.map((size) =>
  response(OK, ['Content-Type: application/javascript', 'Cache-Control: max-age=3600'], Buffer.alloc(size, 'static ')),
)

const DOWNLOAD = Buffer.alloc(DOWNLOAD_BYTES, 'download ')
const PAGE = `<!doctype html><title>JupyterLab</title>${'<script src="static/lab/0.js"></script>'.repeat(150)}`
const STATUS = JSON.stringify({ connections: 1, kernels: 1, last_activity: '2026-01-01T00:00:00.000000Z', started: '' })

/** What the server of one user answers. */
export interface OwnResponses {
  readonly page: Buffer
  readonly json: Buffer
  readonly saved: Buffer
  readonly downloadHead: Buffer
  readonly download: Buffer
}

export function ownResponses(name: string): OwnResponses {
  const from = `${SERVED_BY}: ${name}`
  const json = [from, 'Content-Type: application/json']
  return {
    page: response(OK, [from, 'Content-Type: text/html; charset=UTF-8'], PAGE),
    json: response(OK, json, STATUS),
    saved: response(OK, json, '{"name": "notebook.ipynb", "type": "notebook", "writable": true}'),
    // The content is the same for all, and large.
    downloadHead: Buffer.from(`${OK}\r\n${from}\r\nContent-Length: ${DOWNLOAD.length}\r\n\r\n`, 'latin1'),
    download: DOWNLOAD,
  }
}
