import type { Duration } from '#proto/google/protobuf/Duration.js'

/** Milliseconds as a google.protobuf.Duration. */
export function duration(ms: number): Duration {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 }
}
