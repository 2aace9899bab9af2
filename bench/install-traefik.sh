#!/bin/sh
# Builds Traefik for `npm run bench` from its Go module, into the cache. Needs Go 1.25 or newer, and takes minutes.
# `go install` refuses the module, since it has `replace` directives; and the module lacks the files of the web
# interface that it embeds, so a stub takes their place.
set -eu
version=v3.6.2
cache=${XDG_CACHE_HOME:-$HOME/.cache}/configurable-envoy-proxy
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
export GOFLAGS=-mod=mod GOTOOLCHAIN=local
cd "$work"
source=$(go mod download -json "github.com/traefik/traefik/v3@$version" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
cp -r "$source" traefik
chmod -R u+w traefik
cd traefik
echo stub > webui/static/index.html
mkdir -p "$cache"
go build -trimpath -ldflags "-s -w -X github.com/traefik/traefik/v3/pkg/version.Version=$version" -o "$work/built" ./cmd/traefik
mv "$work/built" "$cache/traefik-$version"
echo "$cache/traefik-$version"
