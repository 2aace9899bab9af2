{{- /* Rules of the network policies. */ -}}
{{- define "cep.apiRule" -}}
# Only the hub.
- from:
    - podSelector:
        matchLabels:
          {{- toYaml .Values.networkPolicy.hub.podSelector | nindent 10 }}
      {{- with .Values.networkPolicy.hub.namespaceSelector }}
      namespaceSelector:
        matchLabels:
          {{- toYaml . | nindent 10 }}
      {{- end }}
  ports:
    - port: api
{{- end -}}

{{- define "cep.publicRule" -}}
- ports:
    - port: http
    {{- if .Values.tls.secretName }}
    - port: https
    {{- end }}
{{- end -}}

{{- define "cep.metricsRule" -}}
{{- $root := index . 0 }}
{{- if and $root.Values.metrics.enabled $root.Values.networkPolicy.metricsFrom }}
- from:
    {{- toYaml $root.Values.networkPolicy.metricsFrom | nindent 4 }}
  ports:
    {{- range rest . }}
    - port: {{ . }}
    {{- end }}
{{- end }}
{{- end }}
