import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stage } from '../image/dockerfile.js'

/** What the image sets, and a PATH. */
export async function imageEnvironment(): Promise<string[]> {
  const set = (await stage()).filter(({ name }) => name === 'ENV').flatMap(({ value }) => value.split(/\s+/))
  return ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...set]
}

/** A program of our name, as the image has it. */
export async function cliLink(directory: string): Promise<string> {
  const file = join(directory, 'configurable-envoy-proxy')
  await writeFile(file, '#!/bin/sh\nexec node /opt/configurable-envoy-proxy/build/src/cli/main.js "$@"\n', {
    mode: 0o755,
  })
  return file
}
