#!/usr/bin/env bash
# Faults, shown live on one GPU with two processes: the trainer's or the worker's process is killed
# (SIGKILL) or stopped (SIGSTOP) at random moments, the other one lives on, with the same engine; and
# a worker that was told something else than the trainer. Usage: nccl_faults.sh [SEED]
# Needs the folder .gpu/nccl that nccl_package.sh makes. NCCL_LIBRARY chooses a libnccl.so.2. ROUNDS
# (for each side that lives on), LIMIT (seconds for them) and OUT (a folder for the logs) may be set.
set -uo pipefail
cd "$(dirname "$0")/.."
package=$PWD/.gpu/nccl
work=$(mktemp -d)
seed=${1:-20261124}
mkdir -p "${OUT:=$work/out}"
survivor=

finish() {
  # A child is a process of the survivor's, and lives in its session.
  [ -n "$survivor" ] && kill -9 -- "-$survivor" 2>/dev/null
  tar -C "$work" -czf "$OUT/nccl_faults.tar.gz" logs 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT

mkdir -p "$work/logs"
tar -C "$work" -xzf "$package/runtime.tar.gz"
library=${NCCL_LIBRARY:-}
if [ -z "$library" ]; then
  library=$(ldconfig -p | awk '/libnccl\.so\.2 /{print $NF; exit}')
fi
if [ -z "$library" ]; then
  library=$(python3 -c 'import nvidia.nccl as n; print(list(n.__path__)[0] + "/lib/libnccl.so.2")')
fi
# Below NCCL 2.30 two ranks on one GPU have to seem far apart; the children get another host id.
export NCCL_SOCKET_IFNAME=lo CUDA_MODULE_LOADING=EAGER NCCL_HOSTID=survivor
classes=$(printf '%s:' "$package"/jars/*.jar)

# part SECONDS NAME WORDS…: one surviving JVM with its children, under a time limit.
part() {
  local limit=$1 name=$2 start=$SECONDS code=0
  shift 2
  setsid "$work/runtime/bin/java" -Xmx2g -XX:MaxDirectMemorySize=4g \
    -Dorg.bytedeco.javacpp.nopointergc=true -Dorg.bytedeco.javacpp.cachedir="$work/cache" \
    "-Dnccl.library=$library" "-XX:ErrorFile=$work/logs/hs_err_%p.log" -cp "$classes" \
    dev.weightcast.backend.nccl.LiveMain "$@" >"$work/logs/$name.log" 2>&1 &
  survivor=$!
  while kill -0 "$survivor" 2>/dev/null; do
    if [ $((SECONDS - start)) -ge "$limit" ]; then
      echo "TIME LIMIT of $limit s in $name"
      kill -3 "$survivor" # it prints its threads
      sleep 1
      kill -9 -- "-$survivor" 2>/dev/null
    fi
    sleep 0.2
  done
  wait "$survivor" || code=$?
  kill -9 -- "-$survivor" 2>/dev/null
  survivor=
  echo "== $name: exit $code after $((SECONDS - start)) s"
  grep -E '^(FAULTS\|(summary|SIG|threads)|seed|Exception|.*BAD)' "$work/logs/$name.log" |
    cut -c1-600
  [ "$code" -eq 0 ] || tail -25 "$work/logs/$name.log" | cut -c1-400
}

echo "NCCL: $library, seed $seed"
nvidia-smi --query-gpu=name,driver_version,memory.used --format=csv,noheader
limit=${LIMIT:-150}
rounds=${ROUNDS:-28}
part $((limit + 60)) survivor-trainer do=faults role=trainer "seed=$seed" "rounds=$rounds" \
  "limit=$limit" timeout=3 port=29811
part $((limit + 60)) survivor-worker do=faults role=worker "seed=$((seed + 1))" "rounds=$rounds" \
  "limit=$limit" timeout=3 port=29821
part 90 mismatch-trainer do=mismatches role=trainer timeout=5 port=29831
grep -h '^FAULTS|' "$work/logs/mismatch-trainer.log" | cut -c1-900
nvidia-smi --query-gpu=memory.used --format=csv,noheader
echo "== done at $SECONDS s; every round is in nccl_faults.tar.gz"
