# Usage: drain.sh SECONDS. Envoy's preStop hook: waits up to SECONDS for answers in
# progress. Envoy keeps serving meanwhile, because some clients learn late that the pod
# is stopping.
set -eu

admin() {
  exec 3<>/dev/tcp/127.0.0.1/9901
  printf '%s HTTP/1.1\r\nHost: admin\r\nConnection: close\r\nContent-Length: 0\r\n\r\n' "$1" >&3
  cat <&3
  exec 3>&-
}

# Makes Envoy close each connection after its next response.
admin 'POST /healthcheck/fail'
sleep 5
until admin 'GET /stats?filter=^http.bedrock.downstream_rq_active$' | grep -q 'downstream_rq_active: 0'; do
  [ "$SECONDS" -lt "$1" ]
  sleep 1
done
