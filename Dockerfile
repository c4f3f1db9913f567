# One static binary on nothing at all, run by a user without rights. The platform of the
# build compiles for each platform of the image, so none is emulated.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev COMMIT="" DATE="" TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false -tags grpcnotrace \
    -ldflags "-s -w -X main.version=${VERSION} -X main.commit=${COMMIT} -X main.date=${DATE}" -o /bedrock-extproc ./cmd/bedrock-extproc

FROM scratch
ARG VERSION=dev COMMIT="" DATE=""
LABEL org.opencontainers.image.title="bedrock-extproc" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.created="${DATE}"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /bedrock-extproc /bedrock-extproc
USER 65532:65532
EXPOSE 9002 9003
ENTRYPOINT ["/bedrock-extproc"]
