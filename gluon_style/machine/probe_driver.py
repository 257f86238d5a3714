"""A program that asks the NVIDIA driver for its GPUs, and needs nothing but Python.

`gpu` runs it as a process, because a broken driver may hang or crash whoever asks it.
"""

import ctypes
import json

# In cuda.h: CUDA_ERROR_STUB_LIBRARY (the toolkit's dummy driver) and CUDA_ERROR_NO_DEVICE.
NO_GPU = (34, 100)
# CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR.
CAPABILITY = 75, 76


def ask():
    """Ask the driver for its version and its GPUs."""
    cuda = ctypes.CDLL("libcuda.so.1")
    number = ctypes.c_int()

    def call(function, *arguments):
        error = getattr(cuda, function)(*arguments)
        if error:
            raise OSError(error, function)

    def asked(function, *arguments):
        call(function, ctypes.byref(number), *arguments)
        return number.value

    def gpu(ordinal):
        device, name = asked("cuDeviceGet", ordinal), ctypes.create_string_buffer(256)
        call("cuDeviceGetName", name, len(name), device)
        capability = [asked("cuDeviceGetAttribute", each, device) for each in CAPABILITY]
        return [name.value.decode(errors="replace"), capability]

    try:
        call("cuInit", 0)
        version = asked("cuDriverGetVersion")  # 11020 is 11.2
        gpus = [gpu(ordinal) for ordinal in range(asked("cuDeviceGetCount"))]
    except OSError as error:
        return {"gpus": []} if error.errno in NO_GPU else {"error": error.errno}
    return {"cuda": [version // 1000, version % 1000 // 10], "gpus": gpus}


if __name__ == "__main__":
    print(json.dumps(ask()))
