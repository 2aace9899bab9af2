import { startProgram } from '../../platform/spawn.js'

/** The variable that all processes of a proxy under rehearsal have, whoever their parent is by then. */
export const MARK = 'CEP_REHEARSAL'

/**
 * Waits until the rehearsal says that it is done, or its end closes the pipe. Then it kills the proxy, whose users are gone with
 * the rehearsal, and removes its directory. A process may be about to start another one, so it looks until there is none.
 */
const SCRIPT = `
while read -r line; do [ "$line" = done ] && exit 0; done
looks=30
while [ "$looks" -gt 0 ]; do
  found=$(grep -ls -e "${MARK}=$1" /proc/[0-9]*/environ)
  [ -n "$found" ] || break
  for environ in $found; do
    pid=\${environ#/proc/}
    kill -KILL "\${pid%/environ}"
  done
  sleep 0.2
  looks=$((looks - 1))
done
rm -rf -- "$2"
`

/** Ends the proxy of a rehearsal that has been killed itself, and so can't. */
export interface Guardian {
  /** The proxy has been ended in order. */
  done(): void
}

/**
 * @param mark the value of {@link MARK} in the environment of the proxy's processes
 * @param directory what the proxy has written, which is removed with it
 */
export async function startGuardian(mark: string, directory: string): Promise<Guardian> {
  const args = ['-c', SCRIPT, 'configurable-envoy-proxy-rehearsal-guardian', mark, directory]
  // A session of its own, so that no Ctrl-C and no closed terminal reaches it.
  const child = await startProgram('/bin/sh', args, {
    ...{ detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' },
  })
  child.unref()
  // Somebody may have ended it.
  child.stdin?.on('error', () => {})
  return { done: () => void child.stdin?.end('done\n') }
}
