package cuda

import (
	"fmt"
	"reflect"
)

// Result is a CUresult: what a call of the driver returned. As an error it reads as the name in cuda.h.
type Result int

// Results that this package or its callers tell apart.
const (
	OutOfMemory           Result = 2
	NoDevice              Result = 100
	InvalidImage          Result = 200
	NoBinaryForGPU        Result = 209
	InvalidPTX            Result = 218
	UnsupportedPTXVersion Result = 222
	NotFound              Result = 500
	IllegalAddress        Result = 700
	LaunchOutOfResources  Result = 701
)

// class is what a result means for the caller.
type class int

const (
	other  class = iota
	memory       // too little memory; less work may fit
	lost         // sticky: every later call of the process fails alike
	image        // the driver refuses the kernels
	absent       // there is no card to use
)

// meaning is a result's name, without its prefix, and class.
type meaning struct {
	name  string
	class class
}

// meanings are the results that a program without graphics, graphs and peers can meet. The sticky ones are those of which
// cuda.h says that the process must be terminated, those of a context that is gone, and the unknown error.
var meanings = map[Result]meaning{
	1:   {"INVALID_VALUE", other},
	2:   {"OUT_OF_MEMORY", memory},
	3:   {"NOT_INITIALIZED", absent},
	4:   {"DEINITIALIZED", lost},
	34:  {"STUB_LIBRARY", absent},
	46:  {"DEVICE_UNAVAILABLE", lost},
	100: {"NO_DEVICE", absent},
	101: {"INVALID_DEVICE", absent},
	102: {"DEVICE_NOT_LICENSED", absent},
	200: {"INVALID_IMAGE", image},
	201: {"INVALID_CONTEXT", lost},
	202: {"CONTEXT_ALREADY_CURRENT", other},
	205: {"MAP_FAILED", other},
	206: {"UNMAP_FAILED", other},
	209: {"NO_BINARY_FOR_GPU", image},
	214: {"ECC_UNCORRECTABLE", lost},
	215: {"UNSUPPORTED_LIMIT", other},
	216: {"CONTEXT_ALREADY_IN_USE", other},
	218: {"INVALID_PTX", image},
	220: {"NVLINK_UNCORRECTABLE", lost},
	221: {"JIT_COMPILER_NOT_FOUND", image},
	222: {"UNSUPPORTED_PTX_VERSION", image},
	223: {"JIT_COMPILATION_DISABLED", image},
	300: {"INVALID_SOURCE", image},
	302: {"SHARED_OBJECT_SYMBOL_NOT_FOUND", other},
	303: {"SHARED_OBJECT_INIT_FAILED", other},
	304: {"OPERATING_SYSTEM", other},
	400: {"INVALID_HANDLE", other},
	401: {"ILLEGAL_STATE", other},
	500: {"NOT_FOUND", other},
	600: {"NOT_READY", other},
	700: {"ILLEGAL_ADDRESS", lost},
	701: {"LAUNCH_OUT_OF_RESOURCES", other},
	702: {"LAUNCH_TIMEOUT", lost},
	709: {"CONTEXT_IS_DESTROYED", lost},
	710: {"ASSERT", lost},
	714: {"HARDWARE_STACK_ERROR", lost},
	715: {"ILLEGAL_INSTRUCTION", lost},
	716: {"MISALIGNED_ADDRESS", lost},
	717: {"INVALID_ADDRESS_SPACE", lost},
	718: {"INVALID_PC", lost},
	719: {"LAUNCH_FAILED", lost},
	800: {"NOT_PERMITTED", other},
	801: {"NOT_SUPPORTED", other},
	802: {"SYSTEM_NOT_READY", absent},
	803: {"SYSTEM_DRIVER_MISMATCH", absent},
	804: {"COMPAT_NOT_SUPPORTED_ON_DEVICE", absent},
	805: {"MPS_CONNECTION_FAILED", absent},
	806: {"MPS_RPC_FAILURE", lost},
	807: {"MPS_SERVER_NOT_READY", absent},
	808: {"MPS_MAX_CLIENTS_REACHED", absent},
	809: {"MPS_MAX_CONNECTIONS_REACHED", absent},
	810: {"MPS_CLIENT_TERMINATED", lost},
	909: {"TIMEOUT", other},
	911: {"EXTERNAL_DEVICE", lost},
	999: {"UNKNOWN", lost},
}

// Error is the result's name in cuda.h, or its number.
func (r Result) Error() string {
	if m, ok := meanings[r]; ok {
		return "CUDA_ERROR_" + m.name
	}
	return fmt.Sprintf("CUDA error %d", int(r))
}

// class is other for results that the table does not have.
func (r Result) class() class { return meanings[r].class }

// asResult is err as a Result, if its innermost error is a number: gorgonia.org/cu wraps results in errors, has a type of
// its own for them, which it does not export, and no names for the newer ones. Other errors are returned as they are.
func asResult(err error) error {
	inner := err
	for {
		u, ok := inner.(interface{ Unwrap() error })
		if !ok {
			break
		}
		next := u.Unwrap()
		if next == nil {
			break
		}
		inner = next
	}
	if v := reflect.ValueOf(inner); v.IsValid() && v.CanInt() {
		return Result(v.Int())
	}
	return err
}
