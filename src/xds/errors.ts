/** An Envoy rejected a resource (a NACK). The message is Envoy's reason. */
export class Rejected extends Error {}

/** Not every Envoy acknowledged a resource in time. The message says whether an Envoy is missing, or its answer. */
export class NotAcknowledged extends Error {}
