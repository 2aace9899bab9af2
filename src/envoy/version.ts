/** The version in the output of `envoy --version`, such as 1.40.0; undefined if that is no Envoy's output. */
export function parseEnvoyVersion(output: string): string | undefined {
  return /\bversion: [0-9a-f]+\/(\d+\.\d+\.\d+)/.exec(output)?.[1]
}

/** Whether a version is the minimum or newer. Both are of the form 1.40.0. */
export function isAtLeast(version: string, minimum: string): boolean {
  return version.localeCompare(minimum, 'en', { numeric: true }) >= 0
}
