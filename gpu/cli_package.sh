#!/usr/bin/env bash
# Puts everything that cli_live.sh needs on a machine without a JDK into the git-ignored folder
# .gpu/cli: the distribution with a Java runtime of its own, as one archive. `cli_package.sh nobuild`
# takes the distribution as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-build}" = build ]; then
  mvn -B -q -DskipTests -Pimage -pl cli -am package
fi
distribution=$(ls -d cli/target/weightcast-*/bin | head -1 | xargs dirname)
out=.gpu/cli
rm -rf "$out"
mkdir -p "$out"
if [ ! -x "$distribution/runtime/bin/java" ]; then
  echo "there is no runtime in $distribution: build with -Pimage" >&2
  exit 1
fi
# The archive of classes that are shared is made again there: it is half of the runtime's size.
tar -C "$distribution" -czf "$out/weightcast.tar.gz" --exclude '*arm64*' --exclude 'classes*.jsa' .
du -sh "$out" "$out"/*
