//go:build gpu && cgo && linux && !cpu

package cuda

// What gorgonia.org/cu lacks: attributes of functions that are set, and host memory that the device can reach. Both calls
// are the same in the headers of CUDA 11 and 12. The driver's library is linked as cu links it; the stub of a toolkit
// will do for a machine without a driver.

// #cgo CFLAGS: -I/usr/local/cuda/include
// #cgo LDFLAGS: -L/usr/local/cuda/lib64/stubs -lcuda
// #include <cuda.h>
import "C"

import (
	"unsafe"

	"gorgonia.org/cu"
)

// maxSharedOptIn is the most shared memory of a block after the opt-in.
const maxSharedOptIn = cu.DeviceAttribute(C.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)

// A cu.Function is nothing but the driver's handle; the array types differ, and this does not compile, if that changes.
var _ [unsafe.Sizeof(cu.Function{})]byte = [unsafe.Sizeof(C.CUfunction(nil))]byte{}

// setShared allows blocks of f with so many bytes of dynamic shared memory.
func setShared(f cu.Function, bytes int) error {
	return setAttribute(f, C.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes)
}

// preferShared has multiprocessors give their memory to blocks rather than to the L1 cache while f runs.
func preferShared(f cu.Function) error {
	return setAttribute(f, C.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, C.CU_SHAREDMEM_CARVEOUT_MAX_SHARED)
}

func setAttribute(f cu.Function, a C.CUfunction_attribute, value int) error {
	if r := C.cuFuncSetAttribute(*(*C.CUfunction)(unsafe.Pointer(&f)), a, C.int(value)); r != C.CUDA_SUCCESS {
		return Result(r)
	}
	return nil
}

// allocHost returns page-locked memory; cu.MemFreeHost frees it.
func allocHost(bytes int) (unsafe.Pointer, error) {
	var p unsafe.Pointer
	if r := C.cuMemHostAlloc(&p, C.size_t(bytes), 0); r != C.CUDA_SUCCESS {
		return nil, Result(r)
	}
	return p, nil
}
