#!/bin/sh
# build.sh DIRECTORY PACKAGE...: builds Go packages into it, of the versions in go.mod, unless they are there. Of two at
# once the second waits for the first; what is half-built has no stamp and is built again.
set -eu
directory=$1
shift
mkdir -p "$directory"
exec 9>"$directory/lock"
flock 9
[ -e "$directory/complete" ] && exit
cd "$(dirname "$0")"
# What go.sum vouches for needs no other checksum.
export GOFLAGS=-mod=readonly
# Outside of Kubernetes' own build its API server has no version, and Helm refuses one that is too old.
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
go build -trimpath -ldflags="-s -w -X k8s.io/component-base/version.gitVersion=$version" -o "$directory/" "$@"
touch "$directory/complete"
