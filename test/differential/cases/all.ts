import type { Case } from '../case.js'
import { ROUTING } from './routing.js'

export const CASES: readonly Case[] = [...ROUTING]
