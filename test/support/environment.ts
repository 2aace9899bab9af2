/** The environment without what tap puts into it for children, which changes how Node.js loads modules. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE_OPTIONS|_?TAP)/.test(name)))
}
