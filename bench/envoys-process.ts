import { answerCalls } from './remote.js'
import { SimulatedEnvoys } from './simulated-envoys.js'

/** A process of its own for Envoys that are simulated, so that what they take isn't counted. */
answerCalls(new SimulatedEnvoys(process.argv[2] ?? ''))
