{{- define "cep.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Labels that never change, of one component: (list $ "envoy"). */ -}}
{{- define "cep.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "cep.labels" -}}
{{- $root := index . 0 -}}
{{ include "cep.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- /* The labels of a pod: also those by which the dashboards of JupyterHub's community find a proxy. */ -}}
{{- define "cep.podLabels" -}}
{{ include "cep.labels" . }}
app: jupyterhub
component: proxy
{{- end -}}

{{- /* The component whose pods carry the traffic, and the one whose pod has the REST API. */ -}}
{{- define "cep.trafficComponent" -}}
{{ if eq .Values.mode "sidecar" }}proxy{{ else }}envoy{{ end }}
{{- end -}}
{{- define "cep.apiComponent" -}}
{{ if eq .Values.mode "sidecar" }}proxy{{ else }}control-plane{{ end }}
{{- end -}}

{{- define "cep.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "cep.tokenSecret" -}}
{{ .Values.token.existingSecret | default (printf "%s-token" (include "cep.fullname" .)) }}
{{- end -}}

{{- define "cep.xdsHost" -}}
{{ include "cep.fullname" . }}-xds.{{ .Release.Namespace }}.svc
{{- end -}}

{{- /* Every control plane's address of its own: an Envoy leaves one that hangs for another. */ -}}
{{- define "cep.membersHost" -}}
{{ include "cep.fullname" . }}-members.{{ .Release.Namespace }}.svc
{{- end -}}

{{- define "cep.serverSecret" -}}
{{- $certificates := .Values.gateway.certificates -}}
{{- if eq $certificates.source "existing" -}}
{{ required "gateway.certificates.serverSecret is needed with source existing" $certificates.serverSecret }}
{{- else -}}
{{ include "cep.fullname" . }}-xds-server
{{- end -}}
{{- end -}}

{{- define "cep.clientSecret" -}}
{{- $certificates := .Values.gateway.certificates -}}
{{- if eq $certificates.source "existing" -}}
{{ required "gateway.certificates.clientSecret is needed with source existing" $certificates.clientSecret }}
{{- else -}}
{{ include "cep.fullname" . }}-xds-client
{{- end -}}
{{- end -}}

{{- define "cep.drainSeconds" -}}
{{- if kindIs "invalid" .Values.envoy.drainSeconds -}}
{{ if eq .Values.mode "sidecar" }}5{{ else }}60{{ end }}
{{- else -}}
{{ int .Values.envoy.drainSeconds }}
{{- end -}}
{{- end -}}

{{- /* Where the routes are stored: volume or kubernetes. */ -}}
{{- define "cep.store" -}}
{{ .Values.controlPlane.state.store | default (ternary "kubernetes" "volume" (gt (int .Values.controlPlane.replicas) 1)) }}
{{- end -}}

{{- /* The claim of the volume with routes. */ -}}
{{- define "cep.claim" -}}
{{ .Values.controlPlane.state.existingClaim | default (printf "%s-state" (include "cep.fullname" .)) }}
{{- end -}}

{{- /* The claim whose routes a store in ConfigMaps takes over, if that store was never in use; else empty. While there is one,
there is one control plane, and no other at the same time: nodes can't share the volume. */ -}}
{{- define "cep.takenOver" -}}
{{- if eq (include "cep.store" .) "kubernetes" -}}
{{- $claim := include "cep.claim" . -}}
{{- $begun := printf "%s-begun" (include "cep.storageName" .) -}}
{{- if and (lookup "v1" "PersistentVolumeClaim" .Release.Namespace $claim) (not (lookup "v1" "ConfigMap" .Release.Namespace $begun)) -}}
{{ $claim }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* "true" if there may be two control planes at once, if only during an update; else empty. */ -}}
{{- define "cep.isFleet" -}}
{{- if and (eq .Values.mode "gateway") (eq (include "cep.store" .) "kubernetes") -}}true{{- end -}}
{{- end -}}

{{- /* What the ConfigMaps' names begin with. A longer name would be refused. */ -}}
{{- define "cep.storageName" -}}
{{- $name := include "cep.fullname" . -}}
{{- if gt (len $name) 33 -}}
{{ printf "%s-%s" ($name | trunc 26 | trimSuffix "-") ($name | sha256sum | trunc 6) }}-routes
{{- else -}}
{{ $name }}-routes
{{- end -}}
{{- end -}}
