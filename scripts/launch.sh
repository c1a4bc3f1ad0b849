#!/bin/sh
# launch.sh <bundle> [arguments]: runs a program of this clone with Node 24, wherever that is, and builds it when it is not there.
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd) || exit 1
bundle=$root/$1
shift

new_enough() { case $("$1" --version 2>/dev/null) in v2[4-9].* | v[3-9][0-9].*) ;; *) return 1 ;; esac; }
brought() { head -n 1 "$root/node_modules/.malamar/tools" 2>/dev/null; }

node=node
new_enough "$node" || node=$(brought)
if [ ! -f "$bundle" ] || ! new_enough "$node"; then
  node "$root/scripts/bootstrap.mjs" build || exit 1
  node=node
  new_enough "$node" || node=$(brought)
fi
exec "$node" "$bundle" "$@"
