package command

import (
	"log/slog"

	"doin.network/node/compute/device"
	"doin.network/node/compute/gpuinfo"
	"doin.network/node/internal/canon"
)

// gauge reads the device of this worker for telemetry.
type gauge struct {
	info   device.Info
	reader *gpuinfo.Reader // nil: there is none
	log    *slog.Logger
}

// openGauge opens the reader. Without one, telemetry tells what is known of the
// device without it.
func openGauge(i device.Info, log *slog.Logger) *gauge {
	r, err := gpuinfo.Open()
	if err != nil {
		log.Warn("the device is not measured", "err", err)
	}
	return &gauge{info: i, reader: r, log: log}
}

// read returns one reading.
func (g *gauge) read() []*canon.Object {
	i := gpuinfo.Info{Known: gpuinfo.Name, Name: g.info.Name}
	if g.info.PCIBusID != "" {
		i.Known, i.PCIBusID = i.Known|gpuinfo.PCIBusID, g.info.PCIBusID
	}
	if g.reader != nil {
		r, err := g.reader.ByPCIBusID(g.info.PCIBusID)
		if err == nil {
			i = r
		} else {
			g.log.Debug("the device is not measured", "err", err)
		}
	}
	o := i.Object()
	o.Set("device", device.CUDAName(g.info.Ordinal))
	return []*canon.Object{o}
}

func (g *gauge) close() {
	if g.reader == nil {
		return
	}
	if err := g.reader.Close(); err != nil {
		g.log.Debug("the reader of the device is not closed cleanly", "err", err)
	}
}
