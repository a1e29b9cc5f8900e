#!/usr/bin/env bash
# Everything that is shown live, on one GPU with two processes. Usage: nccl_live.sh PART…
# Parts: smoke copies python many 8b file memory recovery kill raw pythonspeed; without any, these.
# In short: shown. For NCCL 2.30 or newer: newnccl ranks crowded rankspeed; for measuring: unpacked calls. See README.md.
# Needs the folder .gpu/nccl that nccl_package.sh makes. NCCL_LIBRARY chooses a libnccl.so.2;
# MULTI_RANK=1 is for NCCL 2.30 or newer, where two ranks may share a GPU.
set -uo pipefail
cd "$(dirname "$0")/.."
package=$PWD/.gpu/nccl
work=$(mktemp -d)
children=()

finish() {
  for child in "${children[@]:-}"; do
    [ -n "$child" ] && kill -9 "$child" 2>/dev/null
  done
  [ -n "${OUT:-}" ] && tar -C "$work" -czf "$OUT/nccl-live-logs.tar.gz" logs
  rm -rf "$work"
}
trap finish EXIT
mkdir -p "$work/logs"

tar -C "$work" -xzf "$package/runtime.tar.gz"
library=${NCCL_LIBRARY:-}
if [ -z "$library" ]; then
  library=$(ldconfig -p | awk '/libnccl\.so\.2 /{print $NF; exit}')
fi
if [ -z "$library" ]; then # torch's will do
  library=$(python3 -c 'import nvidia.nccl as n; print(list(n.__path__)[0] + "/lib/libnccl.so.2")')
fi
export NCCL_SOCKET_IFNAME=lo CUDA_MODULE_LOADING=EAGER

# with_library PATH: what all processes load from now on.
with_library() {
  library=$1
  export PEER_NCCL=$library
  java=("$work/runtime/bin/java" -Xmx2g -XX:MaxDirectMemorySize=24g
    -Dorg.bytedeco.javacpp.nopointergc=true -Dorg.bytedeco.javacpp.cachedir="$work/cache"
    "-Dnccl.library=$library" "-XX:ErrorFile=$work/hs_err_%p.log" ${JAVA_FLAGS:-}
    -cp "$package/jars/*" dev.weightcast.backend.nccl.LiveMain)
}
with_library "$library"
number=0
failures=0

# results: of what a process prints, the lines with a mark, as columns.
results() {
  grep -E '^(RESULT|MEMORY|RAW|CALL|STREAMS)\|' | sed 's/^[A-Z]*|//' | awk -F '|' '
    { for (i = 1; i <= NF; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) }
      fields[NR] = NF }
    END { for (r = 1; r <= NR; r++) { line = ""
            for (i = 1; i <= fields[r]; i++) line = line sprintf("%-" (width[i] + 2) "s", cell[r, i])
            print line } }'
}

# side KIND ROLE HOSTID LOG WORDS…: starts one process in the background; KIND is java or python.
side() {
  local kind=$1 role=$2 host=$3 log=$4
  shift 4
  # From 2.30 on NCCL lets two ranks share a GPU, at its speed; before, they must seem far apart.
  if [ -n "${MULTI_RANK:-}" ]; then
    export NCCL_MULTI_RANK_GPU_ENABLE=1
    host=
  fi
  if [ -n "$host" ]; then export NCCL_HOSTID=$host; else unset NCCL_HOSTID; fi
  if [ "$kind" = java ]; then
    "${java[@]}" "role=$role" "$@" >"$log" 2>&1 &
  else
    python3 gpu/nccl_peer.py "role=$role" "$@" >"$log" 2>&1 &
  fi
  children+=($!)
}

# pair SECONDS NAME TRAINER WORKER WORDS…: runs both sides under one time limit.
pair() {
  local limit=$1 name=$2 trainer=$3 worker=$4
  shift 4
  number=$((number + 1))
  local folder=$work/$number
  mkdir -p "$folder"
  side "$trainer" trainer a "$folder/trainer.log" "folder=$folder" "port=$((29500 + number))" \
    "label=$trainer-$worker" "$@"
  local first=$!
  side "$worker" worker b "$folder/worker.log" "folder=$folder" "port=$((29500 + number))" \
    "label=$trainer-$worker" "$@"
  local second=$!
  local start=$SECONDS code=0 running="$first $second" left status child
  while [ -n "$running" ]; do
    left=
    for child in $running; do
      if kill -0 "$child" 2>/dev/null; then
        left="$left $child"
      else
        status=0
        wait "$child" || status=$?
        if [ "$status" -ne 0 ]; then
          code=$status
          # The other side gets a little time to notice.
          [ $((SECONDS - start + 8)) -lt "$limit" ] && limit=$((SECONDS - start + 8))
        fi
      fi
    done
    running=$left
    if [ -n "$running" ] && [ $((SECONDS - start)) -ge "$limit" ]; then
      echo "TIME LIMIT of $limit s in $name"
      code=124
      kill -3 $running 2>/dev/null # a JVM prints its threads
      sleep 0.5
      kill -9 $running 2>/dev/null
      sleep 0.1
    fi
    sleep 0.05
  done
  cp "$folder/trainer.log" "$work/logs/$number.trainer.log"
  cp "$folder/worker.log" "$work/logs/$number.worker.log"
  cat "$folder/worker.log" "$folder/trainer.log" | results
  if [ "$code" -eq 0 ]; then
    echo "ok: $name ($((SECONDS - start)) s)"
  else
    failures=$((failures + 1))
    echo "FAILED ($code): $name"
    for log in trainer worker; do
      echo "--- $log"
      grep -vE '^(RESULT|MEMORY|RAW|#)' "$folder/$log.log" | head -150
    done
    for crash in "$work"/hs_err_*.log; do
      [ -f "$crash" ] || continue
      sed -n '/^Current thread/p; /^siginfo/p; /^Native frames/,/^$/p; /^Java frames/,/^$/p' "$crash"
      mv "$crash" "$work/logs/"
    done
  fi
}

# alone SECONDS NAME WORDS…: one process with all ranks in it, under a time limit.
alone() {
  local limit=$1 name=$2
  shift 2
  number=$((number + 1))
  local log=$work/$number.log code=0 start=$SECONDS
  NCCL_MULTI_RANK_GPU_ENABLE=1 "${java[@]}" "port=$((29500 + number))" "$@" >"$log" 2>&1 &
  local child=$!
  children+=("$child")
  while kill -0 "$child" 2>/dev/null; do
    if [ $((SECONDS - start)) -ge "$limit" ]; then
      echo "TIME LIMIT of $limit s in $name"
      kill -3 "$child" 2>/dev/null # a JVM prints its threads
      sleep 1
      kill -9 "$child" 2>/dev/null
      code=124
    fi
    sleep 0.05
  done
  wait "$child" 2>/dev/null || code=$?
  results <"$log"
  cp "$log" "$work/logs/$number.log"
  if [ "$code" -eq 0 ]; then
    echo "ok: $name ($((SECONDS - start)) s)"
  else
    failures=$((failures + 1))
    echo "FAILED ($code): $name ($((SECONDS - start)) s)"
    grep -vE '^(RESULT|MEMORY|RAW|#)' "$log" | head -70
  fi
}

part_smoke() {
  "${java[@]}" do=explain
  local usual=("${java[@]}")
  java=("$work/runtime/bin/java" -Dweightcast.nccl.batch_copies=false "${usual[@]:1}")
  pair 40 "small list, store, without batches" java java list=small mode=store timeout=20 \
    packings=unpacked:1,packed:1048576:2
  java=("${usual[@]}")
  pair 40 "small list, store" java java list=small mode=store timeout=20 \
    packings=packed:1048576:1,packed:1048576:2,packed:1048576:3,unpacked:1,unpacked:2,unpacked:3
  pair 40 "small list, unique id" java java list=small mode=id timeout=20 \
    packings=packed:1048576:2,unpacked:2
}

part_8b() {
  local size=1073741824
  pair 150 "8B, store" java java list=8b mode=store timeout=60 \
    packings=packed:$size:2,packed:$size:1,packed:$size:3,unpacked:2
  pair 90 "8B, unique id" java java list=8b mode=id timeout=60 packings=packed:$size:2,unpacked:1
}

# What has to be shown, in short; what is missed most if the time ends comes first.
part_shown() {
  part_smoke
  part_python
  pair 60 "3,360 tensors, store" java java list=many mode=store check=first \
    packings=packed:268435456:1,packed:268435456:2,packed:268435456:3,unpacked:1,unpacked:2,unpacked:3
  pair 40 "3,360 tensors, unique id" java java list=many mode=id packings=packed:268435456:2,unpacked:2
  part_file
  pair 60 "8B, store" java java list=8b mode=store packings=packed:1073741824:2,unpacked:2
  pair 60 "8B, unique id" java java list=8b mode=id timeout=60 packings=packed:1073741824:3
  rounds 3
  part_raw
  local list
  for list in many 8b; do
    pair 60 "Python to Python, $list" python python list=$list mode=store \
      "specs=$package/list.$list" packings=packed:1073741824:2,unpacked:2
  done
}

# Every bucket copied to the host on both sides and summed up there, next to the same without.
part_checksums() {
  local checksums
  pair 40 "small list, checksums, store" java java list=small mode=store timeout=20 checksums=yes \
    packings=packed:1048576:2,unpacked:2
  for checksums in no yes; do
    pair 60 "3,360 tensors, unique id, checksums: $checksums" java java list=many mode=id rounds=2 \
      check=first checksums=$checksums packings=packed:268435456:2,unpacked:2
  done
}

part_many() {
  pair 90 "3,360 tensors, store" java java list=many mode=store rounds=2 \
    packings=packed:268435456:1,packed:268435456:2,packed:268435456:3,unpacked:1,unpacked:2
  pair 60 "3,360 tensors, unique id" java java list=many mode=id \
    packings=packed:268435456:2,unpacked:3
}

part_file() {
  local file=$work/model.safetensors
  "${java[@]}" do=file list=1b "file=$file" || failures=$((failures + 1))
  pair 60 "safetensors file to worker" java java list=1b mode=store rounds=2 "file=$file" \
    packings=packed:67108864:2,packed:268435456:2,unpacked:2
  rm -f "$file"
}

part_python() {
  local mode
  for mode in store id; do
    pair 30 "Python trainer, Java worker, $mode" python java list=small mode=$mode timeout=20 \
      "specs=$package/list.small" packings=packed:1048576:2,unpacked:2
    pair 30 "Java trainer, Python worker, $mode" java python list=small mode=$mode timeout=20 \
      "specs=$package/list.small" packings=packed:1048576:2,unpacked:2
  done
}

part_pythonspeed() {
  local list
  for list in 8b many; do
    pair 120 "Python to Python, $list" python python list=$list mode=store \
      "specs=$package/list.$list" packings=packed:1073741824:2,unpacked:2
  done
}

# rounds CYCLES: what the device and the process hold, after 50 rounds in each of so many lives.
rounds() {
  local usual=("${java[@]}")
  # A heap that is all there from the start: what grows is not the heap.
  java=("${usual[0]}" -Xms128m -XX:+AlwaysPreTouch "${usual[@]:1}")
  java=("${java[@]/-Xmx2g/-Xmx128m}")
  pair 120 "50 rounds in each of $1 engines' lives" java java do=memory list=small mode=id \
    rounds=50 "cycles=$1" packings=packed:1048576:2
  # With one malloc arena what grows is not fragmentation.
  MALLOC_ARENA_MAX=1 pair 120 "the same with one malloc arena" java java do=memory list=small \
    mode=id rounds=50 "cycles=$1" packings=packed:1048576:2
  java=("${usual[@]}")
}

part_memory() {
  rounds 6
  MALLOC_ARENA_MAX=1 pair 60 "30 groups, one after the other" java java do=groups mode=id cycles=30
}

part_copies() { timeout 60 "${java[@]}" do=copies || failures=$((failures + 1)); }

part_recovery() {
  local packings
  # The list has to be larger than what NCCL's sockets hold, or the root is done without anybody.
  for packings in packed:268435456:2 unpacked:2; do
    pair 60 "a worker that does not take part, $packings" java java do=recover list=1b \
      mode=store timeout=8 packings=$packings
  done
}

# A worker that is killed in the middle: how soon the trainer says so.
part_kill() {
  number=$((number + 1))
  local folder=$work/$number
  mkdir -p "$folder"
  local words=(list=8b mode=store rounds=4 check=no timeout=60 packings=packed:268435456:2
    "folder=$folder" "port=$((29500 + number))")
  side java trainer a "$folder/trainer.log" "${words[@]}"
  local trainer=$!
  side java worker b "$folder/worker.log" "${words[@]}"
  local worker=$!
  local start=$SECONDS
  while ! grep -q '^RESULT' "$folder/trainer.log" && [ $((SECONDS - start)) -lt 60 ]; do
    sleep 0.1
  done
  sleep 1
  kill -9 "$worker"
  local killed
  killed=$(date +%s.%N)
  for _ in $(seq 200); do
    kill -0 "$trainer" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "$trainer" 2>/dev/null
  echo "trainer ended $(echo "$(date +%s.%N) $killed" | awk '{printf "%.1f", $1 - $2}') s after"
  grep -m1 'Exception' "$folder/trainer.log" || failures=$((failures + 1))
}

# An NCCL of 2.30 or newer: one that lies there, or one that is built from source in some minutes.
part_newnccl() {
  local there=$PWD/.gpu/libnccl.so.2 source=$PWD/.gpu/nccl-src.tar.gz
  if [ ! -f "$there" ] && [ -f "$source" ]; then
    mkdir -p "$work/source"
    tar -C "$work/source" -xzf "$source"
    local folder
    folder=$(dirname "$(find "$work/source" -maxdepth 2 -name Makefile | head -1)")
    timeout 400 make -C "$folder" -j"$(nproc)" src.build CUDA_HOME=/usr/local/cuda \
      "ONLY_FUNCS=AllReduce Sum f32 * *|Broadcast * *|SendRecv" \
      NVCC_GENCODE="-gencode=arch=compute_90,code=sm_90" >"$work/make.log" 2>&1 ||
      tail -20 "$work/make.log"
    there=$folder/build/lib/libnccl.so.2
  fi
  if [ -f "$there" ]; then
    with_library "$(readlink -f "$there")"
    "${java[@]}" do=explain
  else
    echo "FAILED: no newer NCCL"
    failures=$((failures + 1))
  fi
}

# A trainer and 1, 2, 3 workers in one JVM on one GPU; needs NCCL 2.30 or newer. More than two ranks
# do not fit on a GPU with all their channels: each would wait for another that cannot start.
part_ranks() {
  local world threads few=8
  alone 60 "2 ranks, platform threads" do=ranks list=small mode=store timeout=15 limit=45 world=2 \
    packings=packed:1048576:2,unpacked:2
  alone 60 "2 ranks, virtual threads" do=ranks list=small mode=store timeout=15 limit=45 world=2 \
    threads=virtual packings=packed:1048576:2,unpacked:2
  export NCCL_MAX_CTAS=$few CUDA_DEVICE_MAX_CONNECTIONS=32
  for threads in platform virtual; do
    for world in 3 4; do
      alone 60 "$world ranks, $threads threads, $few channels" do=ranks list=many mode=store \
        timeout=15 limit=45 "world=$world" "threads=$threads" packings=packed:268435456:2,unpacked:2
    done
  done
  alone 60 "4 ranks, unique id" do=ranks list=small mode=id timeout=15 limit=45 world=4 threads=virtual
  part_growing
  local file=$work/ranks.safetensors
  "${java[@]}" do=file list=1b "file=$file" || failures=$((failures + 1))
  alone 60 "4 ranks, from a file" do=ranks list=1b "file=$file" mode=store timeout=15 limit=45 \
    world=4 packings=packed:67108864:2,unpacked:2
  rm -f "$file"
  alone 60 "raw, 4 ranks in one JVM, $few channels" do=rawranks world=4 timeout=20 limit=40
  unset NCCL_MAX_CTAS CUDA_DEVICE_MAX_CONNECTIONS
}

# A ring that grows gives memory back while other ranks wait.
part_growing() {
  NCCL_MAX_CTAS=8 CUDA_DEVICE_MAX_CONNECTIONS=${CUDA_DEVICE_MAX_CONNECTIONS:-32} \
    alone 60 "4 ranks, a ring that grows" do=ranks list=many mode=store timeout=15 \
    limit=45 world=4 \
    packings=packed:4194304:2,packed:67108864:2,packed:8388608:3,packed:268435456:3
}

# What four ranks do with all their channels: the deadline has to end it.
part_crowded() {
  alone 40 "4 ranks with all channels: this one should fail, in time" do=ranks list=many \
    mode=store timeout=8 limit=30 world=4 packings=packed:268435456:2
}

part_rankspeed() {
  alone 60 "raw, 2 ranks in one JVM" do=rawranks world=2 timeout=30 limit=50
  alone 90 "2 ranks, 3,360 tensors" do=ranks list=many mode=store timeout=30 limit=80 world=2 \
    rounds=3 packings=packed:268435456:2,packed:1073741824:2,unpacked:2
  alone 120 "2 ranks, 8B" do=ranks list=8b mode=store timeout=30 limit=110 world=2 rounds=2 \
    packings=packed:1073741824:2,unpacked:2
  MULTI_RANK=1 pair 60 "raw, two processes" java java do=raw mode=store
  MULTI_RANK=1 pair 90 "3,360 tensors, two processes" java java list=many mode=store rounds=3 \
    check=first packings=packed:268435456:2,unpacked:2
  MULTI_RANK=1 pair 90 "8B, two processes" java java list=8b mode=store rounds=2 check=first \
    packings=packed:1073741824:2,unpacked:2
}

# Tensors that travel alone; jars in .gpu/before come first, if there are any, for comparison.
part_unpacked() {
  local usual=("${java[@]}") words=(list=many mode=store rounds=3 check=first timeout=30
    packings=unpacked:1,unpacked:2,unpacked:3)
  if [ -d "$PWD/.gpu/before" ]; then
    java=("${java[@]/"$package/jars/*"/"$PWD/.gpu/before/*:$package/jars/*"}")
    pair 60 "3,360 tensors one by one, before" java java "${words[@]}"
    java=("${usual[@]}")
  fi
  pair 60 "3,360 tensors one by one" java java "${words[@]}"
  pair 60 "3,360 tensors one by one, Python" python python list=many mode=store rounds=3 \
    "specs=$package/list.many" packings=unpacked:2
}

# Which of CUDA's calls wait for a kernel of somebody else's.
part_calls() {
  nvcc -arch=native -o "$work/blocking_calls" gpu/blocking_calls.cu || failures=$((failures + 1))
  local loading
  for loading in EAGER LAZY; do
    echo "CUDA_MODULE_LOADING=$loading"
    CUDA_MODULE_LOADING=$loading timeout 60 "$work/blocking_calls" >"$work/logs/calls.$loading"
    results <"$work/logs/calls.$loading"
  done
}

part_raw() { pair 60 "raw broadcasts" java java do=raw mode=store; }

echo "NCCL: $library"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
[ $# -eq 0 ] && set -- smoke copies python many 8b file memory recovery kill raw pythonspeed
for part in "$@"; do
  echo "== $part (at $SECONDS s)"
  "part_$part"
done
echo "== done at $SECONDS s, $failures failed"
[ "$failures" -eq 0 ]
