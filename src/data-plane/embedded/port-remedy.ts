/**
 * What gives Envoy the right to ports below 1024. The capability that `setcap` gave to node is not inherited by the
 * programs that node starts.
 */
export function portRemedy(binary: string): string {
  return (
    'Ports below 1024 need a right that Envoy itself must have: run `sudo setcap cap_net_bind_service=+ep ' +
    `${binary}\`, or for a systemd service set AmbientCapabilities=CAP_NET_BIND_SERVICE.`
  )
}
