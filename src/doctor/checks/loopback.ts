import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok, usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'

export interface Ipv6Facts {
  /** The address that is asked for by --ip; undefined for all. */
  readonly asked: string | undefined
  readonly listensOn: string
  readonly addresses: readonly string[]
  /** Whether the kernel has IPv6 switched off. */
  readonly isOff: boolean
}

export const IPV6: Check<Subject, Ipv6Facts> = {
  code: 'CEP0604',
  question: 'Can users come by IPv6, if they may?',
  fatal: false,
  remedy:
    'sysctl net.ipv6.conf.all.disable_ipv6=0, or in Docker an IPv6 network; else `--ip 0.0.0.0` says that IPv4 is meant',
  async gather({ sections, values }) {
    const at = usable(sections.public)
    if ('socketPath' in at) throw new Inapplicable('it listens on a socket')
    const asked = values.ip === '' || values.ip === '*' ? undefined : values.ip
    if (isIP(at.host) === 4 && asked !== undefined) throw new Inapplicable(`--ip ${asked} means IPv4`)
    const all = Object.values(networkInterfaces()).flat()
    const addresses = all.flatMap((one) => (one?.family === 'IPv6' && !one.internal ? one.address : []))
    return { asked, listensOn: at.host, addresses, isOff: read('/proc/sys/net/ipv6/conf/all/disable_ipv6') !== '0' }
  },
  judge({ asked, listensOn, addresses, isOff }) {
    if (asked === undefined && listensOn === '0.0.0.0') {
      return addresses.length === 0
        ? ok('this machine has no IPv6; the proxy listens on IPv4 alone')
        : failed('this machine has IPv6 addresses, but no socket may be opened there: the proxy listens on IPv4 alone')
    }
    if (isOff && asked !== undefined) return failed(`--ip ${asked} is IPv6, which is switched off here`)
    return ok(asked === undefined ? 'the proxy listens on IPv6 and IPv4' : `the proxy listens on ${asked}`)
  },
}

export interface LocalhostFacts {
  readonly addresses: readonly string[]
  readonly fault: string | undefined
}

export const LOCALHOST: Check<Subject, LocalhostFacts> = {
  code: 'CEP0605',
  question: 'Is the REST API on 127.0.0.1, where JupyterHub calls it?',
  fatal: false,
  remedy: '--api-ip 127.0.0.1',
  async gather({ sections }) {
    const { at } = usable(sections.api)
    if ('socketPath' in at || at.host !== 'localhost') throw new Inapplicable('its address is given')
    return lookup('localhost', { all: true }).then(
      (found) => ({ addresses: found.map(({ address }) => address), fault: undefined }),
      (error: Error) => ({ addresses: [], fault: error.message }),
    )
  },
  judge({ addresses, fault }) {
    if (fault !== undefined)
      return failed(`localhost can't be resolved: ${fault}`, 'echo "127.0.0.1 localhost" >> /etc/hosts')
    const [first] = addresses
    return first === '127.0.0.1' ? ok('it is') : failed(`localhost is ${first} first, and the API listens there alone`)
  },
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}
