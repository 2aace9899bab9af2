#!/usr/bin/env node
// First: before anything takes memory or time. Static imports of the other modules would load them all before these run.
import './process/small-heap.js'
import './process/signals.js'

const { start } = await import('./start.js')
start()
