/**
 * What goes before a Node.js program's path to run it as a user would. tap has NODE_OPTIONS set for every child, which
 * loads modules of its own into it; `env` takes its own place, so that the process id is the program's.
 */
export const PLAIN_NODE: readonly [string, ...string[]] = ['env', '-u', 'NODE_OPTIONS', process.execPath]
