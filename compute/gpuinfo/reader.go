package gpuinfo

import (
	"errors"
	"fmt"
	"sync"
)

var (
	// ErrNoNVML is returned by Open, wrapped with the reason, where NVML cannot be used: the build is without it, or the
	// machine has no driver.
	ErrNoNVML = errors.New("gpuinfo: no NVML")
	// ErrMismatch is returned by Open, wrapped beside ErrNoNVML, and by readings, where NVML and the loaded kernel driver
	// are of different versions: the driver was updated, and the machine not restarted.
	ErrMismatch = errors.New("gpuinfo: NVML does not fit the loaded driver")
	// ErrLost is returned by readings, wrapped, for a card that has fallen off the bus or must be reset.
	ErrLost = errors.New("gpuinfo: device lost")
	// ErrNotFound is returned by readings, wrapped, for a device that there is not.
	ErrNotFound = errors.New("gpuinfo: no such device")
	// ErrClosed is returned by the methods of a closed Reader.
	ErrClosed = errors.New("gpuinfo: reader closed")
)

// source is what a Reader needs of NVML.
type source interface {
	count() (int, error)
	// index is the number of the device with that PCI bus id.
	index(pciBusID string) (int, error)
	// read fails only where nothing can be learnt of the device.
	read(index int) (Info, error)
	close() error
}

// Reader reads devices. It is safe for concurrent use.
type Reader struct {
	mu     sync.Mutex
	source source // nil when closed
}

// Open starts NVML. The caller must Close the Reader. Its error wraps ErrNoNVML.
func Open() (*Reader, error) {
	s, err := openSource()
	if err != nil {
		return nil, err
	}
	return &Reader{source: s}, nil
}

// use calls f unless the reader is closed.
func (r *Reader) use(f func(s source) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.source == nil {
		return ErrClosed
	}
	return f(r.source)
}

// Count is the number of devices, which Device counts from 0.
func (r *Reader) Count() (n int, err error) {
	err = r.use(func(s source) error {
		n, err = s.count()
		return err
	})
	return n, err
}

// Device reads one device by its number; ErrNotFound if there is none.
func (r *Reader) Device(index int) (i Info, err error) {
	err = r.use(func(s source) error {
		i, err = readOne(s, index)
		return err
	})
	return i, err
}

// ByPCIBusID reads one device, whatever its number is: cuda.Info has the id. ErrNotFound if there is none.
func (r *Reader) ByPCIBusID(id string) (i Info, err error) {
	err = r.use(func(s source) error {
		index, err := s.index(id)
		if err != nil {
			return fmt.Errorf("PCI bus id %.40q: %w", id, err)
		}
		i, err = readOne(s, index)
		return err
	})
	return i, err
}

// Read reads all devices. Those that cannot be read are left out, and the error says of each why; the others are returned
// beside it.
func (r *Reader) Read() (infos []Info, err error) {
	err = r.use(func(s source) error {
		n, err := s.count()
		if err != nil {
			return err
		}
		var errs []error
		for index := range n {
			i, err := readOne(s, index)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			infos = append(infos, i)
		}
		return errors.Join(errs...)
	})
	return infos, err
}

func readOne(s source, index int) (Info, error) {
	if index < 0 {
		return Info{}, fmt.Errorf("%w: device %d", ErrNotFound, index)
	}
	i, err := s.read(index)
	if err != nil {
		return Info{}, fmt.Errorf("device %d: %w", index, err)
	}
	return i, nil
}

// Close ends NVML; a second call is ErrClosed.
func (r *Reader) Close() error {
	return r.use(func(s source) error {
		r.source = nil
		return s.close()
	})
}
