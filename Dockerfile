# One static binary on nothing at all, run by a user without rights.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev COMMIT="" DATE=""
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -tags grpcnotrace \
    -ldflags "-s -w -X main.version=${VERSION} -X main.commit=${COMMIT} -X main.date=${DATE}" -o /bedrock-extproc ./cmd/bedrock-extproc

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /bedrock-extproc /bedrock-extproc
USER 65532:65532
EXPOSE 9002 9003
ENTRYPOINT ["/bedrock-extproc"]
