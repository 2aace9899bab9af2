/** The path of CHP by which probes ask whether the proxy serves. */
export const HEALTH_PATH = '/_chp_healthz'

/** The setting of Envoy's runtime that makes the health check fail, in percent of the probes. */
export const DRAINING = 'configurable_envoy_proxy.draining'

export const HEALTH_ANSWER = JSON.stringify({ status: 'OK' })
