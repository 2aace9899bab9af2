import { ADDRESSES } from './checks/addresses.js'
import { AUTHORITIES } from './checks/authorities.js'
import { CERTIFICATES } from './checks/certificates.js'
import { CLOCK } from './checks/clock.js'
import { ENVOY_HERE, ENVOY_RUNS, ENVOY_TESTED, FLOCK } from './checks/envoy.js'
import { HUB } from './checks/hub.js'
import { IPV6, LOCALHOST } from './checks/loopback.js'
import { LOW_PORTS } from './checks/low-ports.js'
import { CONNECTIONS_FIT, HEAP_FITS, NOT_KILLED } from './checks/memory.js'
import { NAMES } from './checks/names.js'
import { OPEN_FILES } from './checks/open-files.js'
import { OPTIONS_EFFECTIVE, OPTIONS_USABLE } from './checks/options.js'
import { API_ANSWERS, ENVOYS_CONNECTED, ROUTES_ACCEPTED, USERS_SERVED } from './checks/running.js'
import { RUNTIME_DIRECTORY } from './checks/runtime-directory.js'
import { SERVED_CERTIFICATE } from './checks/served-certificate.js'
import { SHARED_MEMORY } from './checks/shared-memory.js'
import { SHARED_STORE } from './checks/shared-store.js'
import { DISK_SPACE, STATE_DIRECTORY, STATE_LOCK } from './checks/state-directory.js'
import { STORE } from './checks/store.js'
import { TOKEN } from './checks/token.js'
import type { AnyCheck } from './model/check.js'
import { anyCheck } from './model/check.js'
import type { Subject } from './model/subject.js'

/** The checks of a start, or of the proxy that runs with the options, in the order of their codes. */
export const START_CHECKS: ReadonlyArray<AnyCheck<Subject>> = [
  anyCheck(OPTIONS_USABLE),
  anyCheck(OPTIONS_EFFECTIVE),
  anyCheck(ENVOY_RUNS),
  anyCheck(ENVOY_HERE),
  anyCheck(ENVOY_TESTED),
  anyCheck(FLOCK),
  ...ADDRESSES.map((check) => anyCheck(check)),
  anyCheck(LOW_PORTS),
  anyCheck(OPEN_FILES),
  anyCheck(HEAP_FITS),
  anyCheck(CONNECTIONS_FIT),
  anyCheck(NOT_KILLED),
  anyCheck(SHARED_MEMORY),
  ...CERTIFICATES.map((check) => anyCheck(check)),
  anyCheck(SERVED_CERTIFICATE),
  anyCheck(AUTHORITIES),
  anyCheck(TOKEN),
  anyCheck(STATE_DIRECTORY),
  anyCheck(DISK_SPACE),
  anyCheck(STATE_LOCK),
  anyCheck(STORE),
  anyCheck(SHARED_STORE),
  anyCheck(RUNTIME_DIRECTORY),
  anyCheck(NAMES),
  anyCheck(HUB),
  anyCheck(CLOCK),
  anyCheck(IPV6),
  anyCheck(LOCALHOST),
  anyCheck(API_ANSWERS),
  anyCheck(ENVOYS_CONNECTED),
  anyCheck(USERS_SERVED),
  anyCheck(ROUTES_ACCEPTED),
].sort((one, other) => one.code.localeCompare(other.code))
