{{- /* "true" if the chart's own templates make the pods, and not a copy of an example. */ -}}
{{- define "bedrock-extproc.own" -}}
{{ if has .Values.mode (list "sidecar" "service") }}true{{ end }}
{{- end }}

{{- /* The examples for Istio and Envoy Gateway have fixed names. */ -}}
{{- define "bedrock-extproc.name" -}}
{{- if not (include "bedrock-extproc.own" .) -}}
bedrock-extproc
{{- else if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride }}
{{- else if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- /* Stops at values that would open bedrock-extproc to everybody, or run nothing. */ -}}
{{- define "bedrock-extproc.check" -}}
{{- if not .Values.envoy.enabled -}}
{{- if eq .Values.mode "sidecar" -}}
{{ fail "mode sidecar adds bedrock-extproc to the chart's Envoy: set envoy.enabled to true, or mode to service" }}
{{- else if and .Values.networkPolicy.enabled (not .Values.networkPolicy.envoys) -}}
{{ fail "set networkPolicy.envoys to the pods of your Envoy" }}
{{- end -}}
{{- end -}}
{{- if and .Values.aws.podIdentity .Values.aws.roleArn -}}
{{ fail "set aws.podIdentity to false to use IRSA with aws.roleArn" }}
{{- end -}}
{{- end }}

{{- define "bedrock-extproc.envoy" -}}
{{ .Values.envoy.fullnameOverride | default (printf "%s-envoy" (include "bedrock-extproc.name" .)) }}
{{- end }}

{{- /* The labels that select pods, of a list of the root and the component. */ -}}
{{- define "bedrock-extproc.selector" -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
{{- end }}

{{- define "bedrock-extproc.labels" -}}
{{ include "bedrock-extproc.selector" . }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
{{- end }}

{{- define "bedrock-extproc.metadata" -}}
namespace: {{ (index . 0).Release.Namespace }}
labels:
  {{- include "bedrock-extproc.labels" . | nindent 2 }}
{{- end }}

{{- define "bedrock-extproc.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- define "bedrock-extproc.gomemlimit" -}}
{{ div (mul .Values.memoryMiB 90) 100 }}MiB
{{- end }}

{{- /* The component in whose pods bedrock-extproc runs, and the name of its Deployment. */ -}}
{{- define "bedrock-extproc.component" -}}
{{ ternary "envoy" "bedrock-extproc" (eq .Values.mode "sidecar") }}
{{- end }}
{{- define "bedrock-extproc.deployment" -}}
{{ ternary (include "bedrock-extproc.envoy" .) (include "bedrock-extproc.name" .) (eq .Values.mode "sidecar") }}
{{- end }}

{{- /* What all pods have in common. */ -}}
{{- define "bedrock-extproc.pod" -}}
automountServiceAccountToken: false
# Service variables would have the same prefix as the flags' variables.
enableServiceLinks: false
# One user and group for all containers and their shared volumes.
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
topologySpreadConstraints:
{{- $selector := include "bedrock-extproc.selector" . }}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- $selector | nindent 6 }}
{{- end }}
{{- with (index . 0).Values.pod }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "bedrock-extproc.annotations" -}}
{{- if .Values.metrics.annotations }}
prometheus.io/scrape: "true"
prometheus.io/port: "9003"
prometheus.io/path: /metrics
{{- end }}
{{- end }}

{{- /* Rules of a network policy that every pod needs. */ -}}
{{- define "bedrock-extproc.dns" -}}
# DNS. If the nodes run a DNS cache, add its address.
- to:
  - namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ .Values.networkPolicy.dnsNamespace }}
  ports:
  - port: 53
    protocol: UDP
  - port: 53
    protocol: TCP
{{- end }}

{{- define "bedrock-extproc.locked" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* The container of bedrock-extproc, without its volumes. */ -}}
{{- define "bedrock-extproc.container" -}}
{{- $sidecar := eq .Values.mode "sidecar" -}}
name: bedrock-extproc
{{- if $sidecar }}
# A native sidecar: it is ready before Envoy starts and stops after Envoy.
restartPolicy: Always
{{- end }}
image: {{ include "bedrock-extproc.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
{{- if $sidecar }}
- -listen=unix:///run/bedrock-extproc/extproc.sock
{{- else }}
- -listen=:9002
- -tls-cert=/etc/bedrock-extproc-tls/tls.crt
- -tls-key=/etc/bedrock-extproc-tls/tls.key
- -tls-client-ca=/etc/bedrock-extproc-tls/ca.crt
{{- end }}
# For probes and metrics. The kubelet calls the pod's address, not loopback.
- -admin=:9003
- -config=/etc/bedrock-extproc/config.yaml
- -max-calls={{ .Values.maxCalls }}
{{- if $sidecar }}
# There are no calls after Envoy has stopped.
- -drain-delay=0s
- -drain-timeout=5s
{{- else }}
# Envoy checks every 5 s.
- -drain-delay=10s
- -drain-timeout={{ .Values.drainTimeout }}s
{{- end }}
env:
- name: GOMEMLIMIT # below the limit, so that Go collects garbage in time
  value: {{ include "bedrock-extproc.gomemlimit" . }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- with .Values.aws.secret }}
envFrom:
- secretRef:
    name: {{ . }}
{{- end }}
ports:
{{- if not $sidecar }}
- name: grpc-extproc
  containerPort: 9002
{{- end }}
- name: admin
  containerPort: 9003
startupProbe:
  httpGet:
    path: /readyz
    port: admin
  periodSeconds: 1
  failureThreshold: 30
readinessProbe:
  httpGet:
    path: /readyz
    port: admin
  periodSeconds: 5
livenessProbe:
  httpGet:
    path: /healthz
    port: admin
  periodSeconds: 10
resources:
  requests:
    cpu: {{ .Values.cpu | default (ternary "100m" "250m" $sidecar) }}
    memory: 128Mi
  limits:
    memory: {{ .Values.memoryMiB }}Mi
securityContext:
  {{- include "bedrock-extproc.locked" . | nindent 2 }}
{{- end }}
