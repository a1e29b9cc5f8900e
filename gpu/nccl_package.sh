#!/usr/bin/env bash
# Puts everything that nccl_live.sh needs on a machine without a JDK into the git-ignored folder
# .gpu: a small Java runtime, our jars, JavaCPP with the two native libraries that are used, and
# the live harness out of the test classes.
set -euo pipefail
cd "$(dirname "$0")/.."
java_home=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}
out=.gpu/nccl
rm -rf "$out"
mkdir -p "$out/jars"

if [ "${1:-build}" = build ]; then
  mvn -B -q -pl backend-nccl -am test-compile
fi
for module in api spi core rendezvous safetensors backend-nccl; do
  "$java_home/bin/jar" --create --file "$out/jars/$module.jar" -C "$module/target/classes" .
done
"$java_home/bin/jar" --create --file "$out/jars/live.jar" \
  $(cd backend-nccl/target/test-classes && find . -name 'Live*.class' \
      -printf "-C backend-nccl/target/test-classes %P\n")

# The third-party jars, from where Maven keeps them.
repository=$(mvn -B -q -Dstyle.color=never help:evaluate \
  -Dexpression=settings.localRepository -DforceStdout | sed 's/\x1b\[[0-9;]*m//g')
find "$repository/org/bytedeco" "$repository/com/fasterxml/jackson/core/jackson-core" \
  \( -name 'javacpp-1.5.14.jar' -o -name 'javacpp-1.5.14-linux-x86_64.jar' \
  -o -name 'cuda-13.3-9.25-1.5.14.jar' -o -name 'jackson-core-2.20.1.jar' \) \
  -exec cp {} "$out/jars/" \;
# Of the native glue only what is loaded.
strip=$(mktemp -d)
unzip -q "$repository"/org/bytedeco/cuda/13.3-9.25-1.5.14/*-linux-x86_64.jar \
  'org/bytedeco/cuda/linux-x86_64/libjnicudart.so' \
  'org/bytedeco/cuda/linux-x86_64/libjninccl.so' -d "$strip"
"$java_home/bin/jar" --create --file "$out/jars/cuda-natives.jar" -C "$strip" org
rm -rf "$strip"

"$java_home/bin/jlink" --output "$out/runtime" --strip-debug --no-header-files --no-man-pages \
  --add-modules java.base,java.logging,java.management,jdk.management,jdk.unsupported
tar -C "$out" -czf "$out/runtime.tar.gz" runtime
rm -rf "$out/runtime"
for list in small 1b 8b many; do
  java -cp "$out/jars/*" dev.weightcast.backend.nccl.LiveMain do=list list=$list \
    > "$out/list.$list"
done
du -sh "$out" "$out"/*
