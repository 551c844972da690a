//go:build gpu && cgo && linux && !cpu

package cuda

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"unsafe"

	"gorgonia.org/cu"

	"doin.network/node/kernels"
)

// Built reports whether this build contains the CUDA driver's half of the package.
const Built = true

func count() (int, error) {
	n, err := cu.NumDevices()
	if err != nil {
		return 0, &Error{Call: "cuDeviceGetCount", Device: "any device", Err: asResult(err)}
	}
	return n, nil
}

// context is the driver over gorgonia.org/cu. What cu lacks is in lacks.go.
type context struct {
	inf       Info
	ctx       cu.CUContext
	stream    cu.Stream
	events    [events]cu.Event
	modules   []cu.Module
	functions *sync.Map // by name, cu.Function; of all queues
	second    bool      // context and modules are another's
	pinned    []unsafe.Pointer
	args      [maxArgs / 8]uint64
	params    [maxArgs / 8]unsafe.Pointer // of args
}

var _ driver = (*context)(nil)

func newContext(functions *sync.Map) *context {
	c := &context{functions: functions}
	for i := range c.args {
		c.params[i] = unsafe.Pointer(&c.args[i])
	}
	return c
}

// queue makes the context current on the calling thread, too.
func (c *context) queue() (driver, error) {
	if err := cu.SetCurrentContext(c.ctx); err != nil {
		return nil, asResult(err)
	}
	q := newContext(c.functions)
	q.inf, q.ctx, q.modules, q.second = c.inf, c.ctx, c.modules, true
	if err := q.makeStream(); err != nil {
		return nil, errors.Join(asResult(err), q.close())
	}
	return q, nil
}

// openDriver makes a context current on the calling thread.
func openDriver(ordinal int) (driver, error) {
	label := fmt.Sprintf("cuda:%d", ordinal)
	c := newContext(&sync.Map{})
	fail := func(call string, err error) (driver, error) {
		return nil, &Error{Call: call, Device: label, Err: asResult(err)}
	}
	dev, err := cu.GetDevice(ordinal)
	if err != nil {
		return fail("cuDeviceGet", err)
	}
	if c.inf, err = describe(dev, ordinal); err != nil {
		return fail("cuDeviceGetAttribute", err)
	}
	label = c.inf.label()
	// A waiting thread sleeps: the host's processors have trainings of their own to run.
	if c.ctx, err = dev.MakeContext(cu.SchedBlockingSync); err != nil {
		return fail("cuCtxCreate", err)
	}
	if err := c.prepare(); err != nil {
		_, err := fail("cuStreamCreate, cuEventCreate, cuMemGetInfo", err)
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// prepare asks for the free memory and makes stream and events.
func (c *context) prepare() (err error) {
	if c.inf.FreeBytes, err = c.freeBytes(); err != nil {
		return err
	}
	return c.makeStream()
}

func (c *context) makeStream() (err error) {
	if c.stream, err = cu.MakeStream(cu.NonBlocking); err != nil {
		return err
	}
	for i := range c.events {
		flags := cu.BlockingSyncEvent
		if i < slots {
			flags |= cu.DisableTiming
		}
		if c.events[i], err = cu.MakeEvent(flags); err != nil {
			return err
		}
	}
	return nil
}

// describe asks for everything but the free memory, which needs a context.
func describe(dev cu.Device, ordinal int) (Info, error) {
	var errs []error
	get := func(a cu.DeviceAttribute) int {
		v, err := dev.Attribute(a)
		errs = append(errs, err)
		return v
	}
	name, err := dev.Name()
	errs = append(errs, err)
	total, err := dev.TotalMem()
	errs = append(errs, err)
	i := Info{
		Ordinal:                 ordinal,
		Name:                    name,
		PCIBusID:                fmt.Sprintf("%08X:%02X:%02X.0", get(cu.PciDomainID), get(cu.PciBusID), get(cu.PciDeviceID)),
		DriverVersion:           kernelDriver(),
		CUDAVersion:             cu.Version(),
		Major:                   get(cu.ComputeCapabilityMajor),
		Minor:                   get(cu.ComputeCapabilityMinor),
		Multiprocessors:         get(cu.MultiprocessorCount),
		SharedPerBlock:          get(maxSharedOptIn),
		SharedPerMultiprocessor: get(cu.MaxSharedMemoryPerMultiprocessor),
		RegistersPerSM:          get(cu.MaxRegistersPerMultiprocessor),
		L2Bytes:                 get(cu.L2CacheSize),
		ClockKHz:                get(cu.ClockRate),
		MemoryClockKHz:          get(cu.MemoryClockRate),
		BusWidthBits:            get(cu.GlobalMemoryBusWidth),
		TotalBytes:              total,
		TimeOut:                 get(cu.KernelExecTimeout) != 0,
	}
	for _, err := range errs {
		if err != nil {
			return i, err
		}
	}
	return i, nil
}

// kernelDriver is the version of the loaded kernel module.
func kernelDriver() string {
	b, err := os.ReadFile("/sys/module/nvidia/version")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func (c *context) info() Info { return c.inf }

// logBytes is the room for what the compiler says.
const logBytes = 8 << 10

func (c *context) load(image []byte) (string, error) {
	said := &cu.JITErrorLogBuffer{Buffer: make([]byte, logBytes)}
	m, err := cu.LoadDataEx(string(image), said) // which appends the zero byte that ends PTX
	text, _, _ := strings.Cut(string(said.Buffer), "\x00")
	if err != nil {
		return strings.TrimSpace(text), asResult(err)
	}
	c.modules = append(c.modules, m)
	return strings.TrimSpace(text), nil
}

func (c *context) resources(kernel string) (r Resources, err error) {
	f, err := c.find(kernel)
	if err != nil {
		return r, err
	}
	for _, a := range []struct {
		to *int
		of cu.FunctionAttribute
	}{
		{&r.Registers, cu.NumRegs},
		{&r.LocalBytes, cu.LocalSizeBytes},
		{&r.SharedBytes, cu.SharedSizeBytes},
		{&r.MaxThreads, cu.FnMaxThreadsPerBlock},
	} {
		if *a.to, err = f.Attribute(a.of); err != nil {
			return r, asResult(err)
		}
	}
	c.functions.Store(kernel, f)
	return r, nil
}

// find looks in every module.
func (c *context) find(kernel string) (f cu.Function, err error) {
	err = NotFound
	for _, m := range c.modules {
		if f, err = m.Function(kernel); err == nil {
			return f, nil
		}
	}
	return f, asResult(err)
}

// function returns a kernel that resources has found.
func (c *context) function(kernel string) cu.Function {
	f, _ := c.functions.Load(kernel)
	return f.(cu.Function)
}

func (c *context) preferShared(kernel string) error { return preferShared(c.function(kernel)) }

func (c *context) setShared(kernel string, bytes int) error {
	return setShared(c.function(kernel), bytes)
}

func (c *context) occupancy(kernel string, threads, sharedBytes int) (int, error) {
	n, err := c.function(kernel).MaxActiveBlocksPerMultiProcessor(threads, int64(sharedBytes))
	return n, asResult(err)
}

// launch hands the struct to cu, whose parameters have 8 bytes each, as many parameters: cu puts the values into one
// array and passes a pointer to each; the driver takes the first, which begins the one parameter that the kernel has, and
// reads on from there as far as the kernel declares. The array is always as long as parameters can be, so that it
// reads zeros at worst.
func (c *context) launch(kernel string, grid, threads, sharedBytes int, args []byte) error {
	clear(c.args[:])
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&c.args)), maxArgs), args)
	return asResult(c.function(kernel).Launch(grid, 1, 1, threads, 1, 1, sharedBytes, c.stream, c.params[:]))
}

func (c *context) alloc(bytes int64) (kernels.Memory, error) {
	p, err := cu.MemAlloc(bytes)
	return kernels.Memory(p), asResult(err)
}

func (c *context) free(m kernels.Memory) error { return asResult(cu.MemFree(cu.DevicePtr(m))) }

func (c *context) freeBytes() (int64, error) {
	free, _, err := cu.MemInfo()
	return free, asResult(err)
}

func (c *context) staging(bytes int) ([]byte, error) {
	p, err := allocHost(bytes)
	if err != nil {
		return nil, err
	}
	c.pinned = append(c.pinned, p)
	return unsafe.Slice((*byte)(p), bytes), nil
}

func (c *context) copyIn(to kernels.Memory, from []byte) error {
	return asResult(cu.MemcpyHtoDAsync(cu.DevicePtr(to), unsafe.Pointer(unsafe.SliceData(from)), int64(len(from)), c.stream))
}

func (c *context) copyOut(to []byte, from kernels.Memory) error {
	return asResult(cu.MemcpyDtoHAsync(unsafe.Pointer(unsafe.SliceData(to)), cu.DevicePtr(from), int64(len(to)), c.stream))
}

func (c *context) record(event int) error { return asResult(c.events[event].Record(c.stream)) }

func (c *context) wait(event int) error { return asResult(c.events[event].Synchronize()) }

func (c *context) milliseconds() (float64, error) {
	ms, err := c.events[firstEvent].Elapsed(c.events[lastEvent])
	return ms, asResult(err)
}

func (c *context) synchronize() error { return asResult(c.stream.Synchronize()) }

// close releases what was made, also after half an openDriver.
func (c *context) close() error {
	var errs []error
	for _, p := range c.pinned {
		errs = append(errs, asResult(cu.MemFreeHost(p)))
	}
	c.pinned = nil
	for i := range c.events {
		if c.events[i] != (cu.Event{}) {
			errs = append(errs, asResult(cu.DestroyEvent(&c.events[i])))
		}
	}
	for _, m := range c.modules {
		if !c.second {
			errs = append(errs, asResult(m.Unload()))
		}
	}
	c.modules = nil
	if c.stream != cu.NoStream {
		errs = append(errs, asResult(c.stream.Destroy()))
	}
	if !c.second {
		errs = append(errs, asResult(c.ctx.Destroy()))
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
