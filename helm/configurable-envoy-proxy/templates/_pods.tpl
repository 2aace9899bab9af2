{{- /* What all pods have. */ -}}
{{- define "cep.podAnnotations" -}}
cluster-autoscaler.kubernetes.io/safe-to-evict: "false"
{{- with .Values.pods.annotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "cep.podSettings" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65534
  runAsGroup: 65534
  fsGroup: 65534
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pods.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.pods.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pods.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pods.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "cep.containerSettings" -}}
image: {{ include "cep.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{- /* The container with the table and the REST API. */ -}}
{{- define "cep.controlPlaneContainer" -}}
- name: control-plane
  {{- include "cep.containerSettings" . | nindent 2 }}
  command: [configurable-envoy-proxy]
  args:
    - --envoy-mode=external
    {{- if eq .Values.mode "sidecar" }}
    - --xds-address=unix:/run/cep/ads.sock
    {{- else }}
    - --xds-address=0.0.0.0:18000
    - --xds-ssl-key=/etc/cep/xds/tls.key
    - --xds-ssl-cert=/etc/cep/xds/tls.crt
    - --xds-ssl-ca=/etc/cep/xds/ca.crt
    {{- end }}
    {{- if include "cep.isFleet" . }}
    - --member-address=$(POD_IP)
    {{- end }}
    {{- if .Values.tls.secretName }}
    - --port=8443
    - --ssl-key=/etc/cep/tls/tls.key
    - --ssl-cert=/etc/cep/tls/tls.crt
    - --redirect-port=8000
    - --redirect-to={{ .Values.service.httpsPort }}
    {{- else }}
    - --port=8000
    {{- end }}
    - --api-ip=
    - --api-port=8001
    {{- if .Values.metrics.enabled }}
    - --metrics-port=8002
    {{- end }}
    {{- if eq (include "cep.store" .) "kubernetes" }}
    - --storage-backend=kubernetes
    - --storage-name={{ include "cep.storageName" . }}
    {{- end }}
    {{- if or (eq (include "cep.store" .) "volume") (include "cep.takenOver" .) }}
    - --state-dir=/var/lib/configurable-envoy-proxy/state
    {{- end }}
    - --log-level={{ .Values.proxy.logLevel }}
    {{- with .Values.proxy.defaultTarget }}
    - --default-target={{ . }}
    {{- end }}
    {{- with .Values.proxy.errorTarget }}
    - --error-target={{ . }}
    {{- end }}
    {{- if .Values.proxy.hostRouting }}
    - --host-routing
    {{- end }}
    {{- range .Values.proxy.extraArgs }}
    - {{ . | quote }}
    {{- end }}
  env:
    - name: CONFIGPROXY_AUTH_TOKEN
      valueFrom:
        secretKeyRef:
          name: {{ include "cep.tokenSecret" . }}
          key: {{ .Values.token.key }}
    {{- if include "cep.isFleet" . }}
    - name: POD_IP
      valueFrom:
        fieldRef:
          fieldPath: status.podIP
    {{- end }}
    {{- with .Values.controlPlane.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  ports:
    - name: api
      containerPort: 8001
    {{- if .Values.metrics.enabled }}
    - name: metrics
      containerPort: 8002
    {{- end }}
    {{- if eq .Values.mode "gateway" }}
    - name: xds
      containerPort: 18000
    {{- end }}
  # 1,000 routes are read in 0.6 s, 10,000 in 1.2 s; a disk can be slow.
  startupProbe:
    httpGet: { path: /livez, port: api }
    periodSeconds: 1
    failureThreshold: 60
  livenessProbe:
    httpGet: { path: /livez, port: api }
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    httpGet: { path: /readyz, port: api }
    periodSeconds: 2
    timeoutSeconds: 2
  {{- if include "cep.isFleet" . }}
  # Until every node knows that the pod is ending, the hub's calls still arrive here.
  lifecycle:
    preStop:
      exec:
        command: [sleep, "5"]
  {{- end }}
  {{- with .Values.controlPlane.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    {{- if eq (include "cep.store" .) "kubernetes" }}
    - name: account
      mountPath: /var/run/secrets/kubernetes.io/serviceaccount
      readOnly: true
    {{- end }}
    {{- if or (eq (include "cep.store" .) "volume") (include "cep.takenOver" .) }}
    - name: state
      mountPath: /var/lib/configurable-envoy-proxy
    {{- end }}
    - name: tmp
      mountPath: /tmp
    {{- if eq .Values.mode "sidecar" }}
    - name: run
      mountPath: /run/cep
    {{- else }}
    - name: xds-certificate
      mountPath: /etc/cep/xds
      readOnly: true
    {{- end }}
    {{- if .Values.tls.secretName }}
    - name: tls
      mountPath: /etc/cep/tls
      readOnly: true
    {{- end }}
{{- end -}}

{{- define "cep.controlPlaneVolumes" -}}
{{- if eq (include "cep.store" .) "kubernetes" }}
# As Kubernetes mounts it, but only in the container that needs it: Envoy must not have the token.
- name: account
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3607
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - path: namespace
              fieldRef:
                fieldPath: metadata.namespace
{{- end }}
{{- if or (include "cep.takenOver" .) (and (eq (include "cep.store" .) "volume") .Values.controlPlane.state.persistent) }}
- name: state
  persistentVolumeClaim:
    claimName: {{ include "cep.claim" . }}
{{- else if eq (include "cep.store" .) "volume" }}
- name: state
  emptyDir:
    sizeLimit: {{ .Values.controlPlane.state.size }}
{{- end }}
{{- if .Values.tls.secretName }}
- name: tls
  secret:
    secretName: {{ .Values.tls.secretName }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{- /* Writes Envoy's bootstrap. Runs once a pod, before the other containers. */ -}}
{{- define "cep.bootstrapContainer" -}}
- name: bootstrap
  {{- include "cep.containerSettings" . | nindent 2 }}
  command: [configurable-envoy-proxy]
  args:
    - bootstrap
    - --mode={{ .Values.mode }}
    {{- if eq .Values.mode "sidecar" }}
    - --xds-address=unix:/run/cep/ads.sock
    {{- else }}
    {{- if include "cep.isFleet" . }}
    - --xds-address={{ include "cep.membersHost" . }}:18000
    - --xds-server-name={{ include "cep.xdsHost" . }}
    - --fleet
    {{- else }}
    - --xds-address={{ include "cep.xdsHost" . }}:18000
    {{- end }}
    - --xds-ssl-key=/etc/cep/xds/tls.key
    - --xds-ssl-cert=/etc/cep/xds/tls.crt
    - --xds-ssl-ca=/etc/cep/xds/ca.crt
    {{- end }}
    - --admin-socket=/run/cep/admin.sock
    {{- if .Values.metrics.enabled }}
    - --stats-address=0.0.0.0:8003
    {{- end }}
    - --max-heap={{ int .Values.envoy.maxHeap }}
    - --max-connections={{ int .Values.envoy.maxConnections }}
    - --output=/run/cep/bootstrap.json
  {{- with .Values.controlPlane.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    {{- include "cep.envoyMounts" . | nindent 4 }}
{{- end -}}

{{- /* The container that carries the traffic. */ -}}
{{- define "cep.envoyContainer" -}}
{{- $public := ternary "https" "http" (ne .Values.tls.secretName "") -}}
{{- $health := dict "path" "/_chp_healthz" "port" $public "scheme" (upper $public) -}}
- name: envoy
  {{- include "cep.containerSettings" . | nindent 2 }}
  command: [envoy]
  args:
    - --config-path
    - /run/cep/bootstrap.json
    - --concurrency
    - {{ int .Values.envoy.workers | quote }}
    - --service-node
    - $(POD_NAME)
    - --service-cluster
    - configurable-envoy-proxy
    # At debug level Envoy would print users' cookies. Below errors, main only gives advice about settings, and users could
    # fill the log with lines of filter and admin.
    - --log-level
    - {{ ternary "info" "warning" (eq .Values.proxy.logLevel "debug") }}
    - --component-log-level
    - main:error,filter:error,admin:error
    # How long lines about failed requests may be buffered.
    - --file-flush-interval-msec
    - "500"
    - --reject-unknown-dynamic-fields
    - --disable-hot-restart
    - --drain-time-s
    - "600"
  env:
    - name: POD_NAME
      valueFrom:
        fieldRef:
          fieldPath: metadata.name
  ports:
    - name: http
      containerPort: 8000
    {{- if .Values.tls.secretName }}
    - name: https
      containerPort: 8443
    {{- end }}
    {{- if .Values.metrics.enabled }}
    - name: envoy-metrics
      containerPort: 8003
    {{- end }}
  # Envoy does not listen before it has the whole table, so it may wait up to a day for the control plane: a restart would
  # not help.
  startupProbe:
    httpGet: {{ toJson $health }}
    periodSeconds: 1
    failureThreshold: 86400
  # In a flood Envoy closes connections, including the probe's; it must not be ended for protecting itself.
  livenessProbe:
    httpGet: {{ toJson $health }}
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 30
  readinessProbe:
    httpGet: {{ toJson $health }}
    periodSeconds: 1
    timeoutSeconds: 2
    failureThreshold: 2
  lifecycle:
    preStop:
      exec:
        command:
          - configurable-envoy-proxy
          - drain
          - --admin-socket=/run/cep/admin.sock
          - --seconds={{ include "cep.drainSeconds" . }}
  {{- with .Values.envoy.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    {{- include "cep.envoyMounts" . | nindent 4 }}
{{- end -}}

{{- define "cep.envoyMounts" -}}
- name: run
  mountPath: /run/cep
- name: tmp
  mountPath: /tmp
{{- if eq .Values.mode "gateway" }}
- name: xds-certificate
  mountPath: /etc/cep/xds
  readOnly: true
{{- end }}
{{- end -}}

{{- /* Sockets and the start-up configuration, and the directory for temporary files. */ -}}
{{- define "cep.scratchVolumes" -}}
- name: run
  emptyDir:
    sizeLimit: 16Mi
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- end -}}

{{- /* (list $ SECRET) */ -}}
{{- define "cep.xdsCertificateVolume" -}}
- name: xds-certificate
  secret:
    secretName: {{ index . 1 }}
    defaultMode: 0440
{{- end -}}
