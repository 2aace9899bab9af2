import { transfer } from '../load/curl.js'
import { fileOf } from '../load/file.js'
import type { Relay } from '../load/relay.js'
import { Remote } from '../remote.js'
import { LARGE } from './paths.js'
import { httpsUrl } from './requests.js'
import type { StandingWork } from './work.js'

const BYTES = 20_000_000
/** 150 ms there and back, 100 Mbit/s. */
const LINE = { delayMs: 75, bytesPerSecond: 12_500_000 }

export const UPLOAD_FAR: StandingWork = {
  name: 'upload-far',
  title: 'One POST of 20 MB over TLS from far away: 150 ms there and back, at 100 Mbit/s',
  figures: {
    http1: { title: 'over HTTP/1.1', unit: 's' },
    http2: { title: 'over HTTP/2', unit: 's' },
  },
  // HAProxy and nginx take most of a minute for it, since their windows of HTTP/2 are small.
  contenders: ['ours', 'envoy', 'traefik'],
  scene: { users: 100, tls: true },
  measure: async ({ directory }, proxy) => {
    const relay = new Remote<Relay>(new URL('../load/relay.js', import.meta.url))
    try {
      const url = `${httpsUrl(await relay.call('listen', proxy.port, LINE))}${LARGE}/x`
      const upload = await fileOf(directory, BYTES)
      return {
        http1: await transfer({ url, upload }),
        http2: await transfer({ url, upload, http2: true }),
      }
    } finally {
      await relay.stop()
    }
  },
}
