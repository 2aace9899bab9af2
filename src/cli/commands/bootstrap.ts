import { rename, rm, writeFile } from 'node:fs/promises'
import { adminKeyFile, newAdminKey, readAdminKey } from '../../envoy/admin-key.js'
import { FatalError } from '../../platform/fatal-error.js'
import { bootstrap as bootstrapFile } from '../../resources/bootstrap/bootstrap.js'
import type { ControlPlaneAddress } from '../../resources/bootstrap/control-plane-cluster.js'
import { clientSecrets } from '../../resources/bootstrap/control-plane-cluster.js'
import type { BootstrapSettings } from '../../settings/bootstrap.js'
import { BOOTSTRAP_OPTIONS, readBootstrapSettings } from '../../settings/bootstrap.js'
import { readMachine } from '../../settings/machine.js'
import type { Subcommand } from './subcommand.js'

const SHARED_FLAGS = '--xds-address, --xds-ssl-key, --xds-ssl-cert, --xds-ssl-ca, --max-heap and --max-connections'

export const bootstrap: Subcommand<typeof BOOTSTRAP_OPTIONS> = {
  name: 'bootstrap',
  description: 'print the bootstrap configuration of an external Envoy',
  options: BOOTSTRAP_OPTIONS,
  note: `Of the proxy's options it takes ${SHARED_FLAGS}.`,
  async run(own, values) {
    process.stdout.write(await makeBootstrap(await readBootstrapSettings(own, values, readMachine())))
  },
}

/**
 * Makes the bootstrap of an external Envoy. With --output it writes it, and the files that it refers to. The key of the
 * admin interface is written beside the admin socket.
 *
 * @returns the text to print
 * @throws FatalError if a file can't be written
 */
async function makeBootstrap(settings: BootstrapSettings): Promise<string> {
  const { output } = settings
  const adminKey = await keyOf(settings.adminSocket)
  const content = asText(bootstrapFile({ ...settings, adminKey, controlPlane: await controlPlaneOf(settings) }))
  if (output === undefined) return content
  await writeWhole(output, content)
  return ''
}

/** The key of the admin interface. An existing one is kept, for a running Envoy and for `drain`. */
async function keyOf(adminSocket: string): Promise<string> {
  const file = adminKeyFile(adminSocket)
  const found = await readAdminKey(adminSocket).catch((error: Error) => {
    throw new FatalError(`${file} can't be read: ${error.message}.`)
  })
  if (found !== undefined) return found
  const key = newAdminKey()
  await writeWhole(
    file,
    key,
    ' It is for `drain`: run `bootstrap` where Envoy will run, or name another --admin-socket.',
  )
  return key
}

async function controlPlaneOf({ controlPlane, tls, output }: BootstrapSettings): Promise<ControlPlaneAddress> {
  if ('socketPath' in controlPlane || tls === undefined || output === undefined) return controlPlane
  const paths = { certificate: `${output}.certificate.json`, authorities: `${output}.authorities.json` }
  const secrets = clientSecrets(controlPlane, tls)
  await writeWhole(paths.certificate, asText(secrets.certificate))
  await writeWhole(paths.authorities, asText(secrets.authorities))
  return { ...controlPlane, secrets: paths }
}

function asText(content: object): string {
  return `${JSON.stringify(content, undefined, 2)}\n`
}

/** Replaces the file at once: a reader finds the old content or the new. */
async function writeWhole(path: string, content: string, remedy = ''): Promise<void> {
  const unfinished = `${path}.${process.pid}.tmp`
  try {
    // It may be left over, or a link that somebody else has put there.
    await rm(unfinished, { force: true })
    await writeFile(unfinished, content, { mode: 0o600, flag: 'wx' })
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw new FatalError(`${path} can't be written: ${(error as Error).message}.${remedy}`)
  }
}
