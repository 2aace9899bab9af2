/** How much those tests do that are short in `npm test` and can be longer by hand. CONTRIBUTING.md has the commands. */
const DEFAULTS = {
  /** For how long the proxy is killed and starved under load. */
  CEP_CHAOS_SECONDS: 60,
  /** Routes that are added, changed and removed, each followed by requests that must see it. */
  CEP_CHANGED_ROUTES: 400,
  /** How often the control plane is killed under load. */
  CEP_KILL_ROUNDS: 3,
  /** Routes that are added and removed while one of three Envoys is killed again and again. */
  CEP_FLEET_ROUTES: 100,
  /** Simulated hours of a hub with 300 users. */
  CEP_INCIDENT_HOURS: 3,
  /** 1 if CHP goes through the same hours, for comparison: nothing about it is asserted. */
  CEP_INCIDENT_CHP: 0,
} as const

/** What a variable of the environment says, or the default. */
export function effort(name: keyof typeof DEFAULTS): number {
  return Number(process.env[name] ?? DEFAULTS[name])
}
