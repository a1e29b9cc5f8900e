#!/usr/bin/env bash
# Everything that the command line is shown to do on one GPU with two processes. Usage:
# cli_live.sh PART…; parts: backends file python interrupt onejvm bench; without any, all. Needs
# .gpu/cli from cli_package.sh, python3 with torch and numpy. NCCL_LIBRARY chooses a libnccl.so.2, and
# NEW_NCCL one of 2.30 or newer for measuring (.gpu/libnccl.so.2 if it is there). OUT is where
# pictures and logs go; nothing is begun later than BUDGET seconds after the start.
set -uo pipefail
cd "$(dirname "$0")/.."
gpu=$PWD/gpu
archive=$PWD/.gpu/cli/weightcast.tar.gz
work=$(mktemp -d)
out=${OUT:-$work/out}
mkdir -p "$out"
children=()
summary=()
port=29700
budget=${BUDGET:-900}
logs=$work/logs
mkdir -p "$logs"

finish() {
  for child in "${children[@]:-}"; do
    [ -n "$child" ] && kill -9 "$child" 2>/dev/null
  done
  rm -rf "$work"
}
trap finish EXIT

mkdir "$work/a home"
tar -C "$work/a home" -xzf "$archive"
weightcast="$work/a home/bin/weightcast"
"$work/a home/runtime/bin/java" -Xshare:dump -Xlog:disable >/dev/null 2>&1
library=${NCCL_LIBRARY:-}
if [ -z "$library" ]; then
  library=$(ldconfig -p | awk '/libnccl\.so\.2 /{print $NF; exit}')
fi
if [ -z "$library" ]; then
  library=$(python3 -c 'import nvidia.nccl as n; print(list(n.__path__)[0] + "/lib/libnccl.so.2")')
fi
export PEER_NCCL=$library NCCL_SOCKET_IFNAME=lo CUDA_MODULE_LOADING=EAGER
export WEIGHTCAST_OPTS="-Dnccl.library=$library -Dorg.bytedeco.javacpp.cachedir=$work/cache -XX:MaxDirectMemorySize=24g"

late() { # NAME: whether it is too late to begin
  [ "$SECONDS" -lt "$budget" ] && return 1
  summary+=("left    $1: no time")
  return 0
}

note() { # CODE NAME: a line of the summary
  if [ "$1" -eq 0 ]; then
    summary+=("ok      $2")
  else
    summary+=("FAILED  $2 (exit $1)")
  fi
  echo "${summary[-1]}"
}

# side HOSTID LOG COMMAND…: one process in the background, its number in $pid. Not as a job of an
# asynchronous list, whose SIGINT would be ignored.
side() {
  local host=$1 log=$2
  shift 2
  NCCL_HOSTID=$host python3 -c '
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$@" >"$log" 2>"$log.err" </dev/null &
  pid=$!
  children+=("$pid")
}

await() { # PID SECONDS: its exit code; 124 after the time
  local limit=$((SECONDS + $2))
  while kill -0 "$1" 2>/dev/null; do
    if [ "$SECONDS" -ge "$limit" ]; then
      kill -3 "$1" 2>/dev/null
      sleep 0.3
      kill -9 "$1" 2>/dev/null
      wait "$1" 2>/dev/null
      return 124
    fi
    sleep 0.05
  done
  wait "$1"
}

# both NAME SECONDS: waits for $trainer and $worker; shows what they said; both must end with 0.
both() {
  local first second
  await "$worker" "$2"
  second=$?
  await "$trainer" 15
  first=$?
  cat "$work/trainer.log" "$work/worker.log" | cut -c1-300
  for log in trainer worker; do
    cat "$work/$log.log.err" "$work/$log.log" >"$logs/$port.$log.log"
  done
  if [ "$first" -ne 0 ] || [ "$second" -ne 0 ]; then
    echo "--- trainer ended with $first, worker with $second"
    tail -25 "$work/trainer.log.err" "$work/worker.log.err"
  fi
  note $((first != 0 ? first : second)) "$1"
}

part_backends() {
  local code start end
  NCCL_HOSTID=a timeout 60 "$weightcast" backends --backend nccl
  note $? "backends, as text"
  timeout 60 "$weightcast" backends --backend nccl --json
  note $? "backends, as JSON"
  CUDA_VISIBLE_DEVICES='' timeout 60 "$weightcast" backends --backend nccl >"$work/none" 2>&1
  code=$?
  grep -A1 -m1 reason: "$work/none"
  note $((code == 3 ? 0 : 1)) "backends without a visible GPU ends with 3"
  start=$(date +%s%N)
  "$weightcast" --version
  end=$(date +%s%N)
  echo "start-up: $(((end - start) / 1000000)) ms"
}

checkpoint() {
  [ -f "$work/model.safetensors" ] && return
  python3 "$gpu/cli_checkpoint.py" make "$work/model.safetensors" 7
  python3 "$gpu/cli_checkpoint.py" make "$work/other.safetensors" 8
  python3 "$gpu/cli_checkpoint.py" specs "$work/model.safetensors" "$work/list.txt" "$work/list.json"
}

part_file() {
  checkpoint
  local mode packing meet
  for mode in store id; do
    for packing in "" "--packed --buffer-size 4MiB --num-buffers 3"; do
      late "file, $mode, ${packing:-unpacked}" && continue
      port=$((port + 1))
      meet="--master 127.0.0.1:$port"
      [ $mode = id ] && meet="--unique-id-file $work/group.id"
      rm -f "$work/got.safetensors"
      # shellcheck disable=SC2086
      side a "$work/trainer.log" "$weightcast" send --backend nccl $meet $packing --timeout 30s \
        --rounds 2 --checkpoint "$work/model.safetensors" --json
      trainer=$pid
      # shellcheck disable=SC2086
      side b "$work/worker.log" "$weightcast" receive --backend nccl $meet $packing --timeout 30s \
        --rounds 2 --like "$work/model.safetensors" --out "$work/got.safetensors" \
        --verify-against "$work/model.safetensors"
      worker=$pid
      both "a file that Python wrote, $mode, ${packing:-unpacked}" 60
      python3 "$gpu/cli_checkpoint.py" compare "$work/model.safetensors" "$work/got.safetensors"
      note $? "… and Python finds the file that was written equal"
    done
  done
  port=$((port + 1))
  side a "$work/trainer.log" "$weightcast" send --backend nccl --master 127.0.0.1:$port \
    --checkpoint "$work/other.safetensors" --timeout 30s
  trainer=$pid
  side b "$work/worker.log" "$weightcast" receive --backend nccl --master 127.0.0.1:$port \
    --like "$work/other.safetensors" --verify-against "$work/model.safetensors" --timeout 30s
  await "$pid" 60
  local code=$?
  await "$trainer" 20
  tail -1 "$work/worker.log.err"
  note $((code == 4 ? 0 : 1)) "other bytes are found, exit code 4"
}

part_python() {
  checkpoint
  local mode packing peer ours meet
  for mode in store id; do
    for packing in unpacked packed; do
      late "Python, $mode, $packing" && continue
      peer="packings=unpacked:2"
      ours=
      [ $packing = packed ] && peer="packings=packed:1048576:2" && ours="--packed --buffer-size 1MiB"
      port=$((port + 1))
      meet="--master 127.0.0.1:$port"
      [ $mode = id ] && meet="--unique-id-file $work/group.id" && rm -f "$work/group.id"
      side a "$work/trainer.log" python3 "$gpu/nccl_peer.py" role=trainer "specs=$work/list.txt" mode=$mode \
        "port=$port" "idfile=$work/group.id" "$peer" list=checkpoint
      trainer=$pid
      # shellcheck disable=SC2086
      side b "$work/worker.log" "$weightcast" receive --backend nccl $meet $ours --timeout 40s \
        --specs "$work/list.json" --verify-seed 0
      worker=$pid
      both "a Python trainer to receive, $mode, $packing" 60
      port=$((port + 1))
      meet="--master 127.0.0.1:$port"
      [ $mode = id ] && meet="--unique-id-file $work/group.id" && rm -f "$work/group.id"
      # shellcheck disable=SC2086
      side a "$work/trainer.log" "$weightcast" send --backend nccl $meet $ours --timeout 40s \
        --specs "$work/list.json"
      trainer=$pid
      side b "$work/worker.log" python3 "$gpu/nccl_peer.py" role=worker "specs=$work/list.txt" mode=$mode \
        "port=$port" "idfile=$work/group.id" "$peer" list=checkpoint
      worker=$pid
      both "send to a Python worker, $mode, $packing" 60
    done
  done
}

# Ctrl-C in the middle of a long transfer, on either side: both end, in time, with a word.
part_interrupt() {
  local side first second start words
  words=(--backend nccl --timeout 30s --packed --buffer-size 64MiB --rounds 1000)
  "$weightcast" --version >/dev/null
  python3 -c '
import json
print(json.dumps([[f"w{i}", "bfloat16", [4096, 4096]] for i in range(64)]))' >"$work/long.json"
  for side in trainer worker; do
    late "Ctrl-C on the $side" && continue
    port=$((port + 1))
    side a "$work/trainer.log" "$weightcast" send "${words[@]}" --master 127.0.0.1:$port --specs "$work/long.json"
    trainer=$pid
    side b "$work/worker.log" "$weightcast" receive "${words[@]}" --master 127.0.0.1:$port --specs "$work/long.json"
    worker=$pid
    for _ in $(seq 400); do
      grep -q 'round 2 of' "$work/worker.log.err" && break
      sleep 0.1
    done
    sleep 0.5
    start=$(date +%s%N)
    if [ $side = trainer ]; then kill -INT "$trainer"; else kill -INT "$worker"; fi
    await "$trainer" 45
    first=$?
    await "$worker" 45
    second=$?
    echo "Ctrl-C on the $side: both ended after $((($(date +%s%N) - start) / 1000000)) ms," \
      "the trainer with $first, the worker with $second"
    tail -qn 1 "$work/trainer.log.err" "$work/worker.log.err" | cut -c1-500
    local right=1
    [ $side = trainer ] && [ $first = 130 ] && [ $second = 1 ] && right=0
    [ $side = worker ] && [ $first = 1 ] && [ $second = 130 ] && right=0
    note $right "Ctrl-C on the $side"
  done
}

part_bench() {
  local list scale
  for list in moe:0.1 llama-8b:0.1 tiny:1; do
    late "bench $list in two processes" && continue
    scale=${list#*:}
    port=$((port + 1))
    local words=(bench --backend nccl --list "${list%:*}" --scale "$scale" --rounds 1
      --buffer-size 256MiB --master "127.0.0.1:$port" --timeout 60s)
    side a "$work/trainer.log" "$weightcast" "${words[@]}" --rank 0
    trainer=$pid
    side b "$work/worker.log" "$weightcast" "${words[@]}" --rank 1
    worker=$pid
    both "bench ${list%:*} × $scale, two processes" 100
  done
}

# All ranks in one process share the GPU: NCCL before 2.30 refuses, and that has to be said.
part_onejvm() {
  NCCL_MULTI_RANK_GPU_ENABLE=1 timeout 60 "$weightcast" bench --backend nccl --list tiny --scale 0.1 \
    --rounds 2 --timeout 20s >"$work/one.log" 2>&1
  local code=$?
  tail -12 "$work/one.log" | cut -c1-700
  if [ $code -eq 0 ]; then
    note 0 "bench in one process"
  else
    grep -q 'one process a rank, with bench --rank' "$work/one.log"
    note $? "bench in one process is refused by this NCCL, and that is said (exit $code)"
  fi
  local new=${NEW_NCCL:-$gpu/../.gpu/libnccl.so.2} list
  [ -f "$new" ] || return
  for list in llama-8b moe tiny; do
    late "bench $list in one process" && continue
    NCCL_MULTI_RANK_GPU_ENABLE=1 WEIGHTCAST_OPTS="$WEIGHTCAST_OPTS -Dnccl.library=$new" timeout 90 \
      "$weightcast" bench --backend nccl --list $list --rounds 5 --timeout 30s \
      --picture "$out/bench-$list.svg" >"$work/one.log" 2>"$work/one.err"
    code=$?
    cat "$work/one.log"
    [ $code -eq 0 ] || tail -5 "$work/one.err" | cut -c1-700
    cat "$work/one.err" "$work/one.log" >"$logs/one.$list.log"
    note $code "bench $list in one process"
  done
}

echo "NCCL: $library"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
[ $# -eq 0 ] && set -- backends file python interrupt onejvm bench
for part in "$@"; do
  echo "== $part (at $SECONDS s)"
  "part_$part"
done
echo "== summary, after $SECONDS s"
tar -C "$logs" -czf "$out/logs.tar.gz" .
printf '%s\n' "${summary[@]}" | tee "$out/summary.txt"
! grep -q ^FAILED "$out/summary.txt"
