/**
 * What goes before a command to run it as a user would. tap has NODE_OPTIONS set for every child, which loads modules of
 * its own into Node.js; `env` gives its place to the command, so that the process id is the command's.
 */
export const PLAIN: readonly [string, ...string[]] = ['env', '-u', 'NODE_OPTIONS']

/** The same for a Node.js program, whose path comes next. */
export const PLAIN_NODE: readonly [string, ...string[]] = [...PLAIN, process.execPath]
