#!/bin/sh
# container.sh DIRECTORY COMMAND ...: what a container runtime does, in namespaces that its caller has made. The root file
# system is this machine's, read-only, with the mounts on top that DIRECTORY/mounts lists (ro or rw, source, target a line);
# the command gets user 65534 and no capability.
set -eu
directory=$1
shift
mount --make-rprivate /
mkdir -p "$directory/scratch" "$directory/root"
mount -t tmpfs tmpfs "$directory/scratch"
mkdir "$directory/scratch/upper" "$directory/scratch/work"
root=$directory/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$directory/scratch/upper,workdir=$directory/scratch/work" "$root"
while read -r mode source target; do
  # As the container sees it: /var/run is a link.
  target=$(chroot "$root" realpath -m "$target")
  if [ -d "$source" ]; then
    mkdir -p "$root$target"
  else
    mkdir -p "$root$(dirname "$target")"
    rm -f "$root$target"
    : > "$root$target"
  fi
  mount --bind "$source" "$root$target"
  [ "$mode" = rw ] || mount -o remount,bind,ro "$root$target"
done < "$directory/mounts"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -o remount,ro "$root"
exec chroot "$root" setpriv --reuid=65534 --regid=65534 --groups=65534 --bounding-set=-all --inh-caps=-all --no-new-privs \
  "$@"
