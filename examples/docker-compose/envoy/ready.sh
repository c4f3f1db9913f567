# Succeeds if Envoy reaches a bedrock-extproc that is ready.
set -eu
exec 3<>/dev/tcp/127.0.0.1/8000
printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r _ status _ <&3
[ "$status" = 200 ]
