/** Values that every part of the chart is rendered with, by what is said of them. */
export const MATRIX: Readonly<Record<string, object>> = {
  'nothing set': {},
  'sidecar with TLS and every setting of its own': {
    mode: 'sidecar',
    fullnameOverride: 'proxy',
    image: { repository: 'registry.example/cep', digest: `sha256:${'0'.repeat(64)}`, pullSecrets: [{ name: 'pull' }] },
    token: { existingSecret: 'hub', key: 'hub.config.ConfigurableHTTPProxy.auth_token' },
    proxy: {
      defaultTarget: 'http://hub:8081',
      errorTarget: 'http://hub:8081/hub/error',
      hostRouting: true,
      logLevel: 'debug',
      extraArgs: ['--timeout=60000', '--custom-header=X-A: b: "c"'],
    },
    tls: { secretName: 'public-tls' },
    service: {
      type: 'LoadBalancer',
      annotations: { 'example.com/a': 'true' },
      httpPort: 8080,
      httpsPort: 8443,
      loadBalancerClass: 'example.com/lb',
      loadBalancerSourceRanges: ['192.0.2.0/24'],
      externalTrafficPolicy: 'Local',
    },
    api: { port: 9001 },
    controlPlane: {
      state: { existingClaim: 'claim', accessMode: 'ReadWriteOncePod' },
      extraEnv: [{ name: 'CONFIGPROXY_SSL_KEY_PASSPHRASE', valueFrom: { secretKeyRef: { name: 'tls', key: 'pass' } } }],
    },
    envoy: { workers: 4, maxHeap: 2048, maxConnections: 50000, drainSeconds: 1 },
    pods: {
      priorityClassName: 'high',
      nodeSelector: { pool: 'core' },
      tolerations: [{ key: 'core', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      annotations: { 'example.com/b': '1' },
    },
    metrics: { serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } },
    networkPolicy: { metricsFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }] },
  },
  'sidecar without a volume, metrics and policies': {
    controlPlane: { state: { persistent: false } },
    metrics: { enabled: false },
    networkPolicy: { enabled: false },
    service: { type: 'NodePort', httpNodePort: 30080 },
  },
  gateway: { mode: 'gateway' },
  'gateway that is scaled, with TLS and cert-manager': {
    mode: 'gateway',
    tls: { secretName: 'public-tls' },
    gateway: {
      autoscaling: { enabled: true },
      certificates: { source: 'cert-manager', issuerRef: { name: 'ca', kind: 'ClusterIssuer' } },
    },
    metrics: { serviceMonitor: { enabled: true } },
    networkPolicy: {
      hub: { namespaceSelector: { 'kubernetes.io/metadata.name': 'hub' } },
      metricsFrom: [{ namespaceSelector: {} }],
    },
    service: { type: 'ClusterIP', httpNodePort: 30080, externalTrafficPolicy: 'Local' },
  },
  'gateway as a DaemonSet with certificates that are there': {
    mode: 'gateway',
    gateway: {
      kind: 'DaemonSet',
      maxSurge: 2,
      autoscaling: { enabled: true },
      podDisruptionBudget: { maxUnavailable: 2 },
      certificates: { source: 'existing', serverSecret: 'server', clientSecret: 'client' },
    },
    controlPlane: { state: { storageClassName: 'fast', size: '1Gi' } },
  },
  'gateway of three without budget and spread': {
    mode: 'gateway',
    gateway: { replicas: 3, podDisruptionBudget: { enabled: false }, topologySpread: [] },
    envoy: { drainSeconds: 300 },
  },
}

/** Values that are refused, each with what the refusal names. */
export const REFUSED: ReadonlyArray<readonly [values: object, named: string]> = [
  [{ mode: 'embedded' }, '/mode'],
  [{ mode: 'gateway', gateway: { replicas: 0 } }, '/gateway/replicas'],
  [{ gateway: { kind: 'StatefulSet' } }, '/gateway/kind'],
  [{ gateway: { certificates: { source: 'existing', serverSecret: 'a' } } }, '/gateway/certificates'],
  [{ gateway: { certificates: { source: 'cert-manager' } } }, '/gateway/certificates'],
  [{ image: { digest: 'latest' } }, '/image/digest'],
  [{ image: { repository: '' } }, '/image/repository'],
  [{ envoy: { maxHeap: '768Mi' } }, '/envoy/maxHeap'],
  [{ envoy: { drainSeconds: 0 } }, '/envoy/drainSeconds'],
  [{ service: { httpPort: 70000 } }, '/service/httpPort'],
  [{ envoy: { workers: 257 } }, '/envoy/workers'],
  [{ proxy: { logLevel: 'loud' } }, '/proxy/logLevel'],
  [{ proxy: { extraArgs: ['8000'] } }, '/proxy/extraArgs/0'],
  [{ proxy: { extraArgs: ['--timeout=1', '--timout=1'] } }, '/proxy/extraArgs/1'],
  [{ proxy: { errorTarget: 'hub' } }, '/proxy/errorTarget'],
  [{ controlPlane: { state: { size: 'big' } } }, '/controlPlane/state/size'],
  [{ controlPlane: { replicas: 2 } }, "'replicas' not allowed"],
  // Without labels every pod would be the hub.
  [{ networkPolicy: { hub: { podSelector: null } } }, "missing property 'podSelector'"],
  [{ networkPolicy: { hub: { podSelector: { app: null, component: null } } } }, '/networkPolicy/hub/podSelector'],
  [{ replicas: 2 }, "'replicas' not allowed"],
]
