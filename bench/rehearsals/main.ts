import { parseArgs } from 'node:util'
import { positive } from '../positive.js'
import { incidentRehearsals } from './incidents.js'
import { outageRehearsals } from './outage.js'
import { SIZES, sizingRehearsals } from './sizing.js'

/** The benches that rehearse, each of which writes its part of docs/rehearsals.md. */
export const REHEARSALS = {
  incidents: (args: string[]): Promise<string> => {
    const { values } = parseArgs({ args, options: { only: { type: 'string', default: '' } } })
    return incidentRehearsals(values.only.split(',').filter((name) => name !== ''))
  },
  outage: (args: string[]): Promise<string> => {
    const { values } = parseArgs({ args, options: { minutes: { type: 'string', default: '3' } } })
    return outageRehearsals(positive(values, 'minutes'))
  },
  sizing: (args: string[]): Promise<string> => {
    const { values } = parseArgs({ args, options: { users: { type: 'string', default: SIZES.join(',') } } })
    return sizingRehearsals(values.users.split(',').map(Number))
  },
} as const
