/** Where the Kubernetes API has the objects of each kind that a namespace of ours may have. */
const RESOURCES: Readonly<Record<string, readonly [group: string, resource: string]>> = {
  ConfigMap: ['api/v1', 'configmaps'],
  Pod: ['api/v1', 'pods'],
  PersistentVolumeClaim: ['api/v1', 'persistentvolumeclaims'],
  Secret: ['api/v1', 'secrets'],
  Service: ['api/v1', 'services'],
  ServiceAccount: ['api/v1', 'serviceaccounts'],
  Deployment: ['apis/apps/v1', 'deployments'],
  DaemonSet: ['apis/apps/v1', 'daemonsets'],
  Job: ['apis/batch/v1', 'jobs'],
  HorizontalPodAutoscaler: ['apis/autoscaling/v2', 'horizontalpodautoscalers'],
  Certificate: ['apis/cert-manager.io/v1', 'certificates'],
  ServiceMonitor: ['apis/monitoring.coreos.com/v1', 'servicemonitors'],
  NetworkPolicy: ['apis/networking.k8s.io/v1', 'networkpolicies'],
  PodDisruptionBudget: ['apis/policy/v1', 'poddisruptionbudgets'],
  Role: ['apis/rbac.authorization.k8s.io/v1', 'roles'],
  RoleBinding: ['apis/rbac.authorization.k8s.io/v1', 'rolebindings'],
}

export const KINDS = Object.keys(RESOURCES)

/** The path of a kind's objects in a namespace. */
export function pathOf(kind: string, namespace: string): string {
  const [group, resource] = RESOURCES[kind] ?? []
  if (resource === undefined) throw new Error(`the path of ${kind} is not known here`)
  return `/${group}/namespaces/${namespace}/${resource}`
}
