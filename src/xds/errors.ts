/** An Envoy refused a resource (a NACK). The message is Envoy's reason. */
export class Rejected extends Error {}

/** Not every Envoy acknowledged a resource in time; the message says which is missing: an Envoy, or its answer. */
export class NotAcknowledged extends Error {}
