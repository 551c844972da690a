package cuda

import (
	"errors"
	"fmt"

	"doin.network/node/kernels"
)

// choose returns an image for each module.
func choose(i *Info, o Options) ([]kernels.Image, error) {
	if len(o.Images) > 0 {
		return o.Images, nil
	}
	images, err := kernels.Images(i.Major, i.Minor, o.ForcePTX)
	if err == nil && len(images) == 0 {
		err = errors.New("no kernels are built in")
	}
	if err != nil {
		return nil, fmt.Errorf("cuda: %s: %w", i.label(), err)
	}
	return images, nil
}

// load loads every module, the embedded ones from PTX where the driver refuses the machine code.
func (d *Device) load(o Options) error {
	images, err := choose(&d.inf, o)
	if err != nil {
		return err
	}
	for _, im := range images {
		err := d.loadImage(&im)
		if err != nil && d.lost.Load() == nil && !im.PTX && len(o.Images) == 0 {
			text, e := kernels.PTX(im.Module)
			if e != nil {
				return errors.Join(err, e)
			}
			if e := d.loadImage(&kernels.Image{Module: im.Module, File: im.Module + ".ptx", PTX: true, Data: text}); e != nil {
				return errors.Join(err, e)
			}
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// loadImage loads one module. Its error says what the driver's compiler says.
func (d *Device) loadImage(im *kernels.Image) error {
	log, err := d.driver.load(im.Data)
	if err != nil {
		version := d.inf.DriverVersion
		if version == "" {
			version = "of unknown version"
		}
		detail := fmt.Sprintf("%s; driver %s, for CUDA %s", im.File, version, d.inf.CUDA())
		if log != "" {
			detail += ": " + log
		}
		return d.fail("cuModuleLoadDataEx", "", detail, err)
	}
	d.inf.Images = append(d.inf.Images, im.File)
	return nil
}
