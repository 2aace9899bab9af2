import { ETCD_PASSWORD } from './etcd.js'
import { PASSPHRASES } from './tls-files.js'

/** The environment variables with secrets. They are removed before another program is started. */
export const SECRETS: readonly string[] = ['CONFIGPROXY_AUTH_TOKEN', ...Object.values(PASSPHRASES), ETCD_PASSWORD]
