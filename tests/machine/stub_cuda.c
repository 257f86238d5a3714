/* A libcuda.so.1 for tests: the driver of a machine as the environment variables describe it.

   STUB_CUDA_GPUS is a list like "7.5 NVIDIA T4;9.0 NVIDIA H100" (none: every call fails with
   CUDA_ERROR_NO_DEVICE); STUB_CUDA_VERSION is 11020 for CUDA 11.2; STUB_CUDA_ERROR makes cuInit
   return that number, STUB_CUDA_HANG makes it hang. The functions below the first few are only
   there because libmxnet.so of mxnet-cu112 and NVIDIA's libraries are linked with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int gpus(void) {
  const char *text = getenv("STUB_CUDA_GPUS");
  int count = 0;
  for (; text && *text; text = strchr(text, ';') ? strchr(text, ';') + 1 : "") count++;
  return count;
}

static const char *gpu(int number) {
  const char *text = getenv("STUB_CUDA_GPUS");
  while (number--) text = strchr(text, ';') + 1;
  return text;
}

int cuInit(unsigned flags) {
  if (getenv("STUB_CUDA_HANG")) pause();
  if (getenv("STUB_CUDA_ERROR")) return atoi(getenv("STUB_CUDA_ERROR"));
  return gpus() ? 0 : 100;
}

int cuDriverGetVersion(int *version) {
  const char *text = getenv("STUB_CUDA_VERSION");
  *version = text ? atoi(text) : 11080;
  return 0;
}

int cuDeviceGetCount(int *count) { return (*count = gpus()) ? 0 : 100; }

int cuDeviceGet(int *device, int number) {
  *device = number + 7; /* a handle, which need not be the number */
  return number < gpus() ? 0 : 101;
}

int cuDeviceGetName(char *name, int size, int device) {
  const char *text = strchr(gpu(device - 7), ' ') + 1;
  snprintf(name, size, "%.*s", (int)strcspn(text, ";"), text);
  return 0;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
  int major, minor;
  sscanf(gpu(device - 7), "%d.%d", &major, &minor);
  if (attribute != 75 && attribute != 76) return 1;
  *value = attribute == 75 ? major : minor;
  return 0;
}

#define FAILS(name) \
  int name(void) { return 100; }
FAILS(cuDevicePrimaryCtxRetain)
FAILS(cuGetErrorString)
FAILS(cuGraphKernelNodeGetParams)
FAILS(cuGraphNodeGetType)
FAILS(cuLaunchKernel)
FAILS(cuModuleGetFunction)
FAILS(cuModuleLoadData)
FAILS(cuModuleLoadDataEx)
FAILS(cuModuleUnload)
