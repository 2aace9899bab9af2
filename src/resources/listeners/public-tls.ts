import type { TransportSocket } from '#proto/envoy/config/core/v3/TransportSocket.js'
import type { DownstreamTlsContext } from '#proto/envoy/extensions/transport_sockets/tls/v3/DownstreamTlsContext.js'
import type { TlsParameters } from '#proto/envoy/extensions/transport_sockets/tls/v3/TlsParameters.js'
import { OLD_CIPHERS } from '../../tls/ciphers.js'
import type { TlsVersion, TlsVersions } from '../../tls/versions.js'
import { packAny } from '../../xds/messages.js'
import { SECRET } from '../names.js'
import { secretReference } from '../secret.js'

export interface PublicTransportInput {
  /** Whether clients must show a certificate signed by {@link SECRET.clientAuthorities}. */
  readonly requestCertificate: boolean
  readonly versions: TlsVersions
  /** Empty for Envoy's own choice. */
  readonly ciphers: readonly string[]
}

const PROTOCOL = {
  TLSv1: 'TLSv1_0',
  'TLSv1.1': 'TLSv1_1',
  'TLSv1.2': 'TLSv1_2',
  'TLSv1.3': 'TLSv1_3',
} as const satisfies Record<TlsVersion, string>

/** TLS of the public port. */
export function publicTransport({ requestCertificate, versions, ciphers }: PublicTransportInput): TransportSocket {
  const isOld = versions.max === 'TLSv1' || versions.max === 'TLSv1.1'
  const suites = ciphers.length === 0 && isOld ? OLD_CIPHERS : ciphers
  return {
    name: 'tls',
    typed_config: packAny('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
      common_tls_context: {
        alpn_protocols: ['h2', 'http/1.1'],
        tls_params: { ...parameters(versions), cipher_suites: [...suites] },
        tls_certificate_sds_secret_configs: [secretReference(SECRET.publicCertificate)],
        ...(requestCertificate
          ? { validation_context_sds_secret_config: secretReference(SECRET.clientAuthorities) }
          : {}),
      },
      require_client_certificate: { value: requestCertificate },
    } satisfies DownstreamTlsContext),
  }
}

function parameters({ min, max }: TlsVersions): TlsParameters {
  return { tls_minimum_protocol_version: PROTOCOL[min], tls_maximum_protocol_version: PROTOCOL[max] }
}
