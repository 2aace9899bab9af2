import type { CommandLine } from '../command.js'

/** How Envoy and the control plane depend on each other. */
export interface SupervisionSettings {
  /** For how many seconds Envoy serves on when the control plane has died and doesn't come back; 0 for ever. */
  readonly orphanSeconds: number
}

export function readSupervision(values: CommandLine): SupervisionSettings {
  return { orphanSeconds: values.orphanTimeout }
}
