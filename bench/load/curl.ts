import { run } from './run.js'

export interface Transfer {
  readonly url: string
  /** A file that is sent, by POST. */
  readonly upload?: string
  readonly http2?: boolean
}

/** One request, and how many seconds it took. The certificate isn't checked. */
export async function transfer({ url, upload, http2 = false }: Transfer): Promise<number> {
  const body = upload === undefined ? [] : ['-X', 'POST', '-T', upload, '-H', 'Expect:']
  const form = ['--silent', '--show-error', '--insecure', http2 ? '--http2' : '--http1.1']
  const format = '%{http_code} %{time_total} %{http_version}'
  const answer = await run('curl', [...form, ...body, '--output', '/dev/null', '--write-out', format, url])
  const [status, seconds, version] = answer.split(' ')
  if (status !== '200') throw new Error(`${url} was answered with ${status}`)
  if (http2 !== (version === '2')) throw new Error(`${url} was asked over HTTP/${version}`)
  return Number(seconds)
}
