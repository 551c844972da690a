package cuda

import "fmt"

// Info describes a device and its driver.
type Info struct {
	Ordinal                 int
	Name                    string // "NVIDIA GeForce RTX 4090"
	PCIBusID                string // domain:bus:device.0 in hexadecimal, as nvidia-smi writes it
	DriverVersion           string // of the kernel driver, "535.104.05"; empty where the system does not say
	CUDAVersion             int    // that the driver supports, 1000·major + 10·minor
	Major, Minor            int    // compute capability
	Multiprocessors         int
	SharedPerBlock          int // bytes, after the opt-in for more than 48 KB
	SharedPerMultiprocessor int // bytes
	RegistersPerSM          int // of 32 bits
	L2Bytes                 int
	ClockKHz                int // of the multiprocessors, at most
	MemoryClockKHz          int
	BusWidthBits            int // of the memory
	TotalBytes              int64
	FreeBytes               int64    // when the device was opened
	TimeOut                 bool     // the system ends kernels that take long
	Images                  []string // file names of the modules loaded: "train.sm_90.cubin"
}

// Capability is the compute capability, "9.0".
func (i *Info) Capability() string { return fmt.Sprintf("%d.%d", i.Major, i.Minor) }

// CUDA is the CUDA version that the driver supports, "12.2".
func (i *Info) CUDA() string { return fmt.Sprintf("%d.%d", i.CUDAVersion/1000, i.CUDAVersion%1000/10) }

// label names the device in errors.
func (i *Info) label() string { return fmt.Sprintf("cuda:%d %s", i.Ordinal, i.Name) }

// Resources is what a kernel needs, as it was compiled for the device.
type Resources struct {
	Registers   int // of each thread
	LocalBytes  int // of each thread in device memory: stack and spilled registers
	SharedBytes int // of each block, besides the dynamic
	MaxThreads  int // of a block
}
