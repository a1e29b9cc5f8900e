// Which calls of CUDA's runtime wait for a kernel on another stream of the same process: what a rank
// must not call while another rank's collective waits for it. Build: nvcc -arch=native.
#include <cuda_runtime.h>
#include <cstdio>
#include <cstring>
#include <functional>
#include <time.h>
#include <vector>

static const double SPIN_SECONDS = 1.0;

// Runs until the host says so, or for a second.
__global__ void spin(volatile int* stop) {
  unsigned long long start, now;
  asm volatile("mov.u64 %0, %globaltimer;" : "=l"(start));
  do {
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
  } while (!*stop && now - start < (unsigned long long)(SPIN_SECONDS * 1e9));
}

__global__ void touch(int* where) { *where = 1; }
__global__ void neverLaunchedBefore(int* where) { *where = 2; }

static void ok(cudaError_t status, const char* what) {
  if (status != cudaSuccess) printf("%s: %s\n", what, cudaGetErrorString(status));
}

static double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int* stop;
static cudaStream_t spinning, other;

static void look(const char* name, std::function<cudaError_t()> call) {
  *(volatile int*)stop = 0;
  spin<<<1, 1, 0, spinning>>>(stop);
  double start = now();
  cudaError_t status = call();
  double took = now() - start;
  bool waited = took > SPIN_SECONDS / 2;
  *(volatile int*)stop = 1;
  ok(cudaStreamSynchronize(spinning), "synchronize");
  printf("CALL|%-44s|%8.3f ms|%s|%s\n", name, took * 1e3, waited ? "WAITS" : "does not wait",
         cudaGetErrorName(status));
  fflush(stdout);
  cudaGetLastError();
}

// How many of so many streams get their work done while the first of them waits for the kernel.
static void streams(int count) {
  std::vector<cudaStream_t> all(count);
  int* where;
  cudaEvent_t event;
  ok(cudaMalloc(&where, 4), "malloc");
  ok(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "event");
  for (auto& stream : all) ok(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "stream");
  for (auto stream : all) touch<<<1, 1, 0, stream>>>(where);
  ok(cudaDeviceSynchronize(), "synchronize");
  *(volatile int*)stop = 0;
  spin<<<1, 1, 0, spinning>>>(stop);
  ok(cudaEventRecord(event, spinning), "record");
  ok(cudaStreamWaitEvent(all[0], event, 0), "wait");
  for (auto stream : all) touch<<<1, 1, 0, stream>>>(where);
  double start = now();
  int done = 0;
  while (now() - start < SPIN_SECONDS / 4) {
    done = 0;
    for (auto stream : all) done += cudaStreamQuery(stream) == cudaSuccess;
  }
  *(volatile int*)stop = 1;
  ok(cudaDeviceSynchronize(), "synchronize");
  printf("STREAMS|%d streams, one waits for the kernel|%d of the other %d ran meanwhile\n", count,
         done, count - 1);
  for (auto stream : all) cudaStreamDestroy(stream);
  cudaFree(where);
  fflush(stdout);
}

int main() {
  ok(cudaHostAlloc(&stop, sizeof(int), cudaHostAllocMapped), "flag");
  ok(cudaStreamCreateWithFlags(&spinning, cudaStreamNonBlocking), "stream");
  ok(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking), "stream");
  char *a, *b, *pinned, *more = nullptr, *large = nullptr, *async = nullptr, *host = nullptr;
  ok(cudaMalloc(&a, 1 << 20), "malloc");
  ok(cudaMalloc(&b, 1 << 20), "malloc");
  ok(cudaHostAlloc(&pinned, 1 << 20, cudaHostAllocDefault), "pinned");
  char* pageable = new char[1 << 20];
  cudaEvent_t event;
  cudaStream_t fresh;
  ok(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "event");
  touch<<<1, 1, 0, other>>>((int*)a);
  ok(cudaDeviceSynchronize(), "synchronize");
  *(volatile int*)stop = 1;
  spin<<<1, 1, 0, spinning>>>(stop);
  ok(cudaDeviceSynchronize(), "synchronize");

  look("nothing", [] { return cudaSuccess; });
  look("cudaMalloc of 1 MiB", [&] { return cudaMalloc(&more, 1 << 20); });
  look("cudaMalloc of 1 GiB", [&] { return cudaMalloc(&large, 1 << 30); });
  look("cudaFree of 1 MiB", [&] { return cudaFree(more); });
  look("cudaFree of 1 GiB", [&] { return cudaFree(large); });
  size_t before, after, total;
  ok(cudaMemGetInfo(&before, &total), "memory");
  ok(cudaMalloc(&more, 64 << 20), "malloc");
  look("cudaFreeAsync of cudaMalloc's 64 MiB", [&] { return cudaFreeAsync(more, other); });
  ok(cudaMemGetInfo(&after, &total), "memory");
  printf("CALL|after it %ld bytes are missing\n", (long)before - (long)after);
  look("cudaMallocAsync of 64 MiB", [&] { return cudaMallocAsync((void**)&async, 64 << 20, other); });
  look("cudaFreeAsync of 64 MiB", [&] { return cudaFreeAsync(async, other); });
  look("cudaHostAlloc of 64 MiB", [&] { return cudaHostAlloc(&host, 64 << 20, 0); });
  look("cudaFreeHost of 64 MiB", [&] { return cudaFreeHost(host); });
  look("cudaStreamCreateWithFlags", [&] {
    return cudaStreamCreateWithFlags(&fresh, cudaStreamNonBlocking);
  });
  look("cudaStreamDestroy", [&] { return cudaStreamDestroy(fresh); });
  look("cudaEventCreateWithFlags", [&] { return cudaEventCreateWithFlags(&event, cudaEventDisableTiming); });
  look("cudaEventRecord", [&] { return cudaEventRecord(event, other); });
  look("cudaEventQuery", [&] { return cudaEventQuery(event); });
  look("cudaEventDestroy", [&] { return cudaEventDestroy(event); });
  look("cudaMemGetInfo", [&] {
    size_t free, total;
    return cudaMemGetInfo(&free, &total);
  });
  look("cudaMemcpyAsync on the device", [&] {
    return cudaMemcpyAsync(a, b, 1 << 20, cudaMemcpyDefault, other);
  });
  look("cudaMemcpyAsync from pinned memory", [&] {
    return cudaMemcpyAsync(a, pinned, 1 << 20, cudaMemcpyDefault, other);
  });
  look("cudaMemcpyAsync from pageable memory", [&] {
    return cudaMemcpyAsync(a, pageable, 1 << 20, cudaMemcpyDefault, other);
  });
  look("cudaMemcpyBatchAsync, 2 copies", [&] {
    const void* from[2] = {b, b + 4096};
    void* to[2] = {a, a + 8192};
    size_t sizes[2] = {4096, 4096}, index = 0;
    cudaMemcpyAttributes attributes;
    memset(&attributes, 0, sizeof(attributes));
    attributes.srcAccessOrder = cudaMemcpySrcAccessOrderStream;
    return cudaMemcpyBatchAsync(to, from, sizes, 2, &attributes, &index, 1, other);
  });
  look("cudaStreamSynchronize, other stream", [&] { return cudaStreamSynchronize(other); });
  look("cudaMemcpy on the device", [&] { return cudaMemcpy(a, b, 1 << 20, cudaMemcpyDefault); });
  look("cudaMemcpy from pinned memory", [&] { return cudaMemcpy(a, pinned, 1 << 20, cudaMemcpyDefault); });
  look("cudaMemset", [&] { return cudaMemset(a, 0, 1 << 20); });
  look("a kernel that is launched again", [&] {
    touch<<<1, 1, 0, other>>>((int*)a);
    return cudaGetLastError();
  });
  look("a kernel that is launched for the first time", [&] {
    neverLaunchedBefore<<<1, 1, 0, other>>>((int*)a);
    return cudaGetLastError();
  });
  look("cudaDeviceSynchronize", [] { return cudaDeviceSynchronize(); });
  for (int count : {4, 8, 9, 16, 32, 33, 64, 128}) streams(count);
  return 0;
}
