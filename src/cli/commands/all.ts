import { bootstrap } from './bootstrap.js'
import { copyRoutes } from './copy-routes.js'
import { doctor } from './doctor.js'
import { drain } from './drain.js'
import { explain } from './explain.js'
import { exportRoutes } from './export.js'
import { importRoutes } from './import.js'
import { members } from './members.js'
import { rehearse } from './rehearse.js'
import { stop } from './stop.js'

/** The subcommands, in the order of the help. */
export const SUBCOMMANDS = [
  stop,
  bootstrap,
  drain,
  doctor,
  explain,
  members,
  exportRoutes,
  importRoutes,
  copyRoutes,
  rehearse,
] as const
