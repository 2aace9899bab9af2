import { CHP_4, CHP_5 } from './chp.js'
import type { Contender } from './contender.js'
import { ENVOY } from './envoy.js'
import { HAPROXY } from './haproxy.js'
import { NGINX } from './nginx.js'
import { OURS } from './ours.js'
import { TRAEFIK } from './traefik.js'

export const ALL_CONTENDERS: readonly Contender[] = [OURS, CHP_5, CHP_4, ENVOY, TRAEFIK, HAPROXY, NGINX]
