package cuda

import (
	"errors"
	"fmt"

	"doin.network/node/compute/device"
	"doin.network/node/kernels"
)

// minCapability is the least compute capability that the kernels are made for, 10·major + minor.
const minCapability = 80

// Options of Open. The zero value is good.
type Options struct {
	// ForcePTX has the driver compile the kernels, although there may be a cubin for the device.
	ForcePTX bool
	// Images, if there are any, are loaded instead of the embedded kernels: cubins or PTX, one for each module, with the
	// same entries and structs. Open does not keep the data.
	Images []kernels.Image
}

// Count returns the number of devices that this process may use. Its error wraps device.ErrNoGPU; a driver without devices
// is such an error too.
func Count() (int, error) {
	n, err := count()
	if err == nil && n == 0 {
		err = NoDevice
	}
	if err != nil {
		return 0, unusable(err)
	}
	return n, nil
}

// Open takes the device of that number and loads the kernels. Its error wraps device.ErrNoGPU and says why the device
// cannot be used: there is none, its compute capability is below 8.0, or the driver refuses every image, with what its
// compiler says. If another process has filled the device's memory, it wraps kernels.ErrMemory too.
//
// The caller must Close the device.
func Open(ordinal int, o Options) (*Device, error) {
	if ordinal < 0 {
		return nil, unusable(fmt.Errorf("cuda:%d: negative ordinal", ordinal))
	}
	d, err := open(func() (driver, error) { return openDriver(ordinal) }, o)
	if err != nil {
		return nil, unusable(err)
	}
	return d, nil
}

// unusable makes err an ErrNoGPU.
func unusable(err error) error {
	if errors.Is(err, device.ErrNoGPU) {
		return err
	}
	return fmt.Errorf("%w: %w", device.ErrNoGPU, err)
}

// open starts a device over the driver that make returns.
func open(make func() (driver, error), o Options) (*Device, error) {
	d := &Device{kernels: map[string]*kernel{}}
	d.Stream = start(d)
	err := d.do("open", func() error {
		drv, err := make()
		if err != nil {
			return err
		}
		if err := d.setUp(drv, o); err != nil {
			return errors.Join(err, drv.close())
		}
		return nil
	})
	if err != nil {
		d.stop()
		return nil, err
	}
	return d, nil
}

// setUp makes d a device over drv; it runs in the executor.
func (d *Device) setUp(drv driver, o Options) error {
	d.driver, d.inf = drv, drv.info()
	if 10*d.inf.Major+d.inf.Minor < minCapability {
		return fmt.Errorf("cuda: %s: compute capability %s: the kernels need 8.0 or more", d.inf.label(), d.inf.Capability())
	}
	d.pool = pool{alloc: d.rawAlloc, free: d.rawFree, limit: d.inf.TotalBytes / 4}
	if err := d.stage(); err != nil {
		return err
	}
	return d.load(o)
}
