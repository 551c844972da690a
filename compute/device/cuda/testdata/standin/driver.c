// A stand-in for the CUDA driver library, with one device that is the host's memory and knows the kernels of test.ptx by
// name: enough to run the tests that want a card through gorgonia.org/cu and cgo where there is none. It checks what the
// driver would: handles, the opt-in for shared memory, that nothing is left when the context goes. What it computes says
// nothing of a card.
#include <cuda.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT ((CUcontext)1)
#define STREAM ((CUstream)2)
#define MODULE ((CUmodule)3)
#define FUNCTION 100 // and the kernel's number
#define EVENT 1000   // and the event's number
#define MEMORY (2ull << 30)
#define SHARED (99 << 10)

enum { ADD, FAR, ARITHMETIC, FAULT, OTHER, KERNELS };
static const char *const names[OTHER] = {"add", "far", "arithmetic", "fault"};

static int lost;             // a kernel has failed
static int opened[KERNELS];  // bytes of shared memory that are allowed
static long blocks, eventCount;

#define ALIVE \
  if (lost) return CUDA_ERROR_ILLEGAL_ADDRESS
#define EXPECT(x) \
  if (!(x)) return CUDA_ERROR_INVALID_HANDLE

CUresult cuInit(unsigned flags) { return flags ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS; }

CUresult cuDriverGetVersion(int *v) { return *v = 12020, CUDA_SUCCESS; }

CUresult cuDeviceGetCount(int *n) { return *n = 1, CUDA_SUCCESS; }

CUresult cuDeviceGet(CUdevice *d, int ordinal) { return *d = 0, ordinal ? CUDA_ERROR_INVALID_DEVICE : CUDA_SUCCESS; }

CUresult cuDeviceGetName(char *name, int n, CUdevice d) { return snprintf(name, n, "Stand-in"), CUDA_SUCCESS; }

CUresult cuDeviceTotalMem(size_t *bytes, CUdevice d) { return *bytes = MEMORY, CUDA_SUCCESS; }

CUresult cuDeviceGetAttribute(int *v, CUdevice_attribute a, CUdevice d) {
  switch (a) {
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *v = 8; break;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *v = 9; break;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: *v = SHARED; break;
  default: *v = 4;
  }
  return CUDA_SUCCESS;
}

CUresult cuCtxCreate(CUcontext *c, unsigned flags, CUdevice d) {
  if (flags != CU_CTX_SCHED_BLOCKING_SYNC) return CUDA_ERROR_INVALID_VALUE;
  return *c = CONTEXT, CUDA_SUCCESS;
}

CUresult cuCtxDestroy(CUcontext c) {
  ALIVE;
  EXPECT(c == CONTEXT && blocks == 0 && eventCount == 0);
  return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext c) {
  EXPECT(c == CONTEXT);
  return CUDA_SUCCESS;
}

CUresult cuStreamCreate(CUstream *s, unsigned flags) {
  return *s = STREAM, flags == CU_STREAM_NON_BLOCKING ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuStreamDestroy(CUstream s) {
  EXPECT(s == STREAM);
  return CUDA_SUCCESS;
}

CUresult cuStreamSynchronize(CUstream s) {
  ALIVE;
  EXPECT(s == STREAM);
  return CUDA_SUCCESS;
}

CUresult cuEventCreate(CUevent *e, unsigned flags) { return *e = (CUevent)(EVENT + eventCount++), CUDA_SUCCESS; }

CUresult cuEventDestroy(CUevent e) {
  EXPECT((long)e >= EVENT);
  return eventCount--, CUDA_SUCCESS;
}

CUresult cuEventRecord(CUevent e, CUstream s) {
  EXPECT((long)e >= EVENT && s == STREAM);
  return CUDA_SUCCESS;
}

CUresult cuEventSynchronize(CUevent e) {
  ALIVE;
  EXPECT((long)e >= EVENT);
  return CUDA_SUCCESS;
}

CUresult cuEventElapsedTime(float *ms, CUevent from, CUevent to) {
  EXPECT(from != to);
  return *ms = 1.5f, CUDA_SUCCESS;
}

CUresult cuMemAlloc(CUdeviceptr *p, size_t n) {
  ALIVE;
  if (n == 0 || n % 256) return CUDA_ERROR_INVALID_VALUE;
  if (n > MEMORY) return CUDA_ERROR_OUT_OF_MEMORY;
  return *p = (CUdeviceptr)aligned_alloc(256, n), blocks++, CUDA_SUCCESS;
}

CUresult cuMemFree(CUdeviceptr p) {
  ALIVE;
  return free((void *)p), blocks--, CUDA_SUCCESS;
}

CUresult cuMemGetInfo(size_t *unused, size_t *total) { return *unused = MEMORY / 2, *total = MEMORY, CUDA_SUCCESS; }

CUresult cuMemHostAlloc(void **p, size_t n, unsigned flags) { return *p = malloc(n), blocks++, CUDA_SUCCESS; }

CUresult cuMemFreeHost(void *p) { return free(p), blocks--, CUDA_SUCCESS; }

CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void *from, size_t n, CUstream s) {
  EXPECT(s == STREAM);
  return memcpy((void *)to, from, n), CUDA_SUCCESS;
}

CUresult cuMemcpyDtoHAsync(void *to, CUdeviceptr from, size_t n, CUstream s) {
  EXPECT(s == STREAM);
  return memcpy(to, (void *)from, n), CUDA_SUCCESS;
}

CUresult cuModuleLoadDataEx(CUmodule *m, const void *image, unsigned n, CUjit_option *options, void **values) {
  char *log = NULL;
  size_t room = 0;
  for (unsigned i = 0; i < n; i++) {
    if (options[i] == CU_JIT_ERROR_LOG_BUFFER) log = values[i];
    if (options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES) room = (size_t)values[i];
  }
  if (strstr(image, ".version 99")) {
    snprintf(log, room, "ptxas fatal : Unsupported .version 99.0");
    return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
  }
  if (strstr(image, "nonsense")) {
    snprintf(log, room, "ptxas error : nonsense");
    return CUDA_ERROR_INVALID_PTX;
  }
  return *m = MODULE, CUDA_SUCCESS;
}

CUresult cuModuleUnload(CUmodule m) {
  EXPECT(m == MODULE);
  return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *f, CUmodule m, const char *name) {
  EXPECT(m == MODULE);
  if (!strcmp(name, "absent")) return CUDA_ERROR_NOT_FOUND;
  long k = 0;
  while (k < OTHER && strcmp(name, names[k])) k++;
  return *f = (CUfunction)(FUNCTION + k), CUDA_SUCCESS;
}

CUresult cuFuncGetAttribute(int *v, CUfunction_attribute a, CUfunction f) {
  switch (a) {
  case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK: *v = 1024; break;
  case CU_FUNC_ATTRIBUTE_NUM_REGS: *v = 20; break;
  default: *v = 0;
  }
  return CUDA_SUCCESS;
}

CUresult cuFuncSetAttribute(CUfunction f, CUfunction_attribute a, int v) {
  long k = (long)f - FUNCTION;
  EXPECT(k >= 0 && k < KERNELS);
  if (a == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES && v <= SHARED) return opened[k] = v, CUDA_SUCCESS;
  if (a == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT && v == 100) return CUDA_SUCCESS;
  return CUDA_ERROR_INVALID_VALUE;
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *n, CUfunction f, int threads, size_t shared) {
  return *n = 1536 / threads, CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction f, unsigned grid, unsigned gy, unsigned gz, unsigned threads, unsigned ty, unsigned tz,
                        unsigned shared, CUstream s, void **params, void **extra) {
  long k = (long)f - FUNCTION;
  EXPECT(k >= 0 && k < KERNELS && s == STREAM && extra == NULL);
  if (gy * gz * ty * tz != 1 || (shared > 48 << 10 && shared > (unsigned)opened[k])) return CUDA_ERROR_INVALID_VALUE;
  const char *args = params[0];
  void *p;
  memcpy(&p, args, 8);
  switch (k) {
  case ADD: {
    unsigned long long n;
    unsigned delta;
    memcpy(&n, args + 8, 8), memcpy(&delta, args + 16, 4);
    for (unsigned long long i = 0; i < n && i < (unsigned long long)grid * threads; i++) ((unsigned *)p)[i] += delta;
    break;
  }
  case FAR: {
    unsigned long long at;
    memcpy(&at, args + 8, 8);
    if (at + 4 * threads > shared) lost = 1;
    for (unsigned i = 0; i < threads; i++) ((unsigned *)p)[i] = i ^ 1;
    break;
  }
  case ARITHMETIC: {
    float v[3], *out = p;
    memcpy(v, args + 8, sizeof v);
    out[0] = fmaf(v[0], v[1], v[2]), out[1] = v[0] * v[1], out[2] = v[0] / v[1], out[3] = sqrtf(v[0]);
    break;
  }
  case FAULT: lost = 1;
  }
  return CUDA_SUCCESS;
}
