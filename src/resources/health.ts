/** The path of CHP by which probes ask whether the proxy serves. */
export const HEALTH_PATH = '/_chp_healthz'

export const HEALTH_ANSWER = JSON.stringify({ status: 'OK' })
