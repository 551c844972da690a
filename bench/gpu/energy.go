package gpu

import (
	"time"

	"doin.network/node/compute/gpuinfo"
)

// gauge measures the energy of one card. A nil gauge measures nothing.
type gauge struct {
	reader *gpuinfo.Reader
	id     string // PCI bus id
	begun  time.Time
}

// openGauge returns nil where the card's energy cannot be read.
func openGauge(c *Card) *gauge {
	if c.Info.PCIBusID == "" {
		return nil
	}
	r, err := gpuinfo.Open()
	if err != nil {
		return nil
	}
	g := &gauge{r, c.Info.PCIBusID, time.Now()}
	if i, err := r.ByPCIBusID(g.id); err != nil || i.Known&(gpuinfo.Energy|gpuinfo.Power) == 0 {
		g.close()
		return nil
	}
	return g
}

func (g *gauge) close() {
	if g != nil {
		_ = g.reader.Close() // nothing was changed
	}
}

// gaugeEvery is how often the card is read: about as often as it brings its counter up to date.
const gaugeEvery = 100 * time.Millisecond

// during returns the joules of the card while f runs; nil where they could not be measured.
func (g *gauge) during(f func() error) (*float64, error) {
	if g == nil {
		return nil, f()
	}
	var meter gpuinfo.Meter
	read := func() {
		if i, err := g.reader.ByPCIBusID(g.id); err == nil {
			meter.Add(time.Since(g.begun), &i)
		}
	}
	read()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(gaugeEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				read()
			case <-stop:
				read()
				return
			}
		}
	}()
	err := f()
	close(stop)
	<-stopped
	joules, ok := meter.Joules()
	if err != nil || !ok {
		return nil, err
	}
	return &joules, nil
}
