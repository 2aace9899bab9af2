import type { ServiceClientConstructor } from '@grpc/grpc-js'
import { makeGenericClientConstructor } from '@grpc/grpc-js'

const SERVICE = 'envoy.service.discovery.v3.AggregatedDiscoveryService'

/** The delta ADS service, with streams of bytes: requests are sent as they are, and responses aren't decoded. */
export const RawAdsClient = makeGenericClientConstructor(
  {
    stream: {
      path: `/${SERVICE}/DeltaAggregatedResources`,
      requestStream: true,
      responseStream: true,
      requestSerialize: (bytes: Buffer) => bytes,
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
    },
  },
  SERVICE,
) as ServiceClientConstructor
