import { CERTIFICATE_RENEWED } from './certificate-renewed.js'
import { CONTROL_PLANE_KILLED } from './control-plane-killed.js'
import { CORE_2017 } from './core-2017.js'
import { CORE_2024 } from './core-2024.js'
import { ENVOY_KILLED } from './envoy-killed.js'
import { FLOOD_OF_CONNECTIONS } from './flood-of-connections.js'
import { HUB_RESTARTED } from './hub-restarted.js'
import type { NamedIncident } from './incident.js'
import { MASS_CULL } from './mass-cull.js'
import { NODE_LOST } from './node-lost.js'
import { PROXY_KILLED } from './proxy-killed.js'
import { REPOPULATE } from './repopulate.js'
import { ROUTE_CHURN } from './route-churn.js'
import { SERVER_HANGS } from './server-hangs.js'
import { TABLE_LOST } from './table-lost.js'

/** Every incident, in the order of the help. */
export const INCIDENTS: readonly NamedIncident[] = [
  PROXY_KILLED,
  ENVOY_KILLED,
  CONTROL_PLANE_KILLED,
  HUB_RESTARTED,
  TABLE_LOST,
  REPOPULATE,
  FLOOD_OF_CONNECTIONS,
  ROUTE_CHURN,
  SERVER_HANGS,
  MASS_CULL,
  CERTIFICATE_RENEWED,
  NODE_LOST,
  CORE_2017,
  CORE_2024,
]

/** Undefined for one that has another name. */
export function incidentNamed(name: string): NamedIncident | undefined {
  return INCIDENTS.find((incident) => incident.name === name)
}

/** The incidents, for the help. */
export function incidentsText(): string {
  const longest = Math.max(...INCIDENTS.map(({ name }) => name.length))
  return INCIDENTS.map(({ name, description }) => `  ${name.padEnd(longest)}  ${description}`).join('\n')
}
