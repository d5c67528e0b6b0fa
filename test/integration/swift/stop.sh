#!/usr/bin/env bash
# Ends what start.sh has started in a directory.
# usage: stop.sh <directory>
for file in "$1"/run/*.pid; do
  kill "$(cat "$file")" 2> /dev/null || true # one that did not start
done
