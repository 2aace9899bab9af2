import { FatalError } from '../../platform/fatal-error.js'
import type { PlainLog } from '../../platform/log.js'
import type { EtcdClient } from './client.js'
import { deadlineIn } from './client.js'
import type { EtcdConnection } from './endpoints.js'
import type { EtcdError } from './errors.js'
import { EtcdAwayError, EtcdTokenError } from './errors.js'
import { Keys } from './keys.js'
import { isCreatedAt, rangeOf } from './operations.js'
import { RPC } from './rpc.js'

/** The first version with what is used here. */
const LEAST = { major: 3, minor: 4 } as const

/** How long each question may take. */
const LIMIT_MS = 5_000

export interface CheckedEtcd {
  readonly connection: EtcdConnection
  readonly name: string
  readonly log: PlainLog
}

/**
 * Finds out whether routes can be stored, and changes nothing.
 *
 * @throws FatalError that says what is wrong and what to do
 */
export async function checkEtcd(client: EtcdClient, checked: CheckedEtcd): Promise<void> {
  const { prefix, all } = new Keys(checked.name)
  const where = `etcd at ${checked.connection.endpoints.join(', ')}`
  try {
    const { version, errors } = await client.call(RPC.status, {}, deadlineIn(LIMIT_MS))
    if (isTooOld(version)) {
      throw new FatalError(`${where} is version ${version}: ${LEAST.major}.${LEAST.minor} or newer is needed.`)
    }
    await askForRights(client, all)
    if (errors.some((error) => error.includes('NOSPACE'))) checked.log.warn(`${where} ${NO_SPACE}`)
  } catch (error) {
    if (error instanceof FatalError) throw error
    throw new FatalError(reasonOf(error as Error, where, prefix, checked.connection.user?.name))
  }
}

const NO_SPACE =
  'is full (the alarm NOSPACE), so no route can be added, and no control plane can start: compact and defragment it, or raise its ' +
  '--quota-backend-bytes, then `etcdctl alarm disarm`'

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < LEAST.major || (major === LEAST.major && minor < LEAST.minor)
}

/** etcd checks the rights of a transaction for what it doesn't carry out, too. */
async function askForRights(client: EtcdClient, all: { start: string; end: string }): Promise<void> {
  const range = rangeOf(all)
  await client.call(
    RPC.txn,
    {
      compare: [isCreatedAt(all.start, -1n)],
      success: [{ request_range: range }, { request_delete_range: range }],
    },
    deadlineIn(LIMIT_MS),
  )
}

function reasonOf(error: Error | EtcdError, where: string, prefix: string, user: string | undefined): string {
  const { message } = error
  if (/permission denied/.test(message)) {
    return (
      `${where} does not let ${user ?? 'this client'} write below ${prefix}. Grant it: ` +
      `etcdctl role grant-permission ROLE --prefix=true readwrite ${prefix}`
    )
  }
  if (/authentication failed/.test(message)) {
    return `${where} refuses --etcd-user ${user} with the password in CONFIGPROXY_ETCD_PASSWORD.`
  }
  if (error instanceof EtcdTokenError) {
    return `${where} asks who this is: give --etcd-user and CONFIGPROXY_ETCD_PASSWORD, or --etcd-ssl-cert (${message}).`
  }
  if (error instanceof EtcdAwayError) return `${where} can't be reached: ${message}.`
  return `${where} can't be used for routes: ${message}.`
}
