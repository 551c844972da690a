package gpu

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"doin.network/node/compute/device"
	"doin.network/node/compute/device/block"
	"doin.network/node/compute/device/cuda"
	"doin.network/node/kernels"
	"doin.network/node/kernels/host"
)

// ErrDevice is returned by Open, wrapped, for a name that is no device's.
var ErrDevice = errors.New("bench/gpu: unknown device")

// Source says where a card's kernels come from.
type Source struct {
	// Name is what the report calls it: "cubin", "ptx", "rebuilt", "fast-math", "host". Where it is empty, it is "cubin" if
	// all that is loaded is machine code, else "ptx".
	Name string
	// ForcePTX has the driver compile the embedded PTX.
	ForcePTX bool
	// Images, if there are any, are loaded instead of what is embedded.
	Images []kernels.Image
}

// Embedded is the kernels as they are built in: machine code where there is some for the card, else PTX.
func Embedded() Source { return Source{} }

// name is what the report calls a source of which these files were loaded.
func (s *Source) name(files []string) string {
	isPTX := func(f string) bool { return filepath.Ext(f) == ".ptx" }
	switch {
	case s.Name != "":
		return s.Name
	case slices.ContainsFunc(files, isPTX):
		return "ptx"
	}
	return "cubin"
}

// Card is an open device.
type Card struct {
	block.Device
	// Source is where its kernels come from.
	Source string
	// Info describes it.
	Info CardInfo
	// elapsed is the device's own time for its launches since the last call; nil where it does not tell.
	elapsed func() (time.Duration, error)
	close   func() error
}

// Close gives the device back.
func (c *Card) Close() error { return c.close() }

// Engine starts an engine on the card.
func (c *Card) Engine(o block.Options) (*block.Engine, error) {
	o.Logger = slog.New(slog.DiscardHandler)
	return block.New(c.Device, o)
}

// CardInfo is what a report says of a card.
type CardInfo struct {
	Name            string   `json:"name"`
	Driver          string   `json:"driver"`
	CUDA            string   `json:"cuda"` // that the driver supports
	Capability      string   `json:"capability"`
	PCIBusID        string   `json:"pci_bus_id"`
	Multiprocessors int      `json:"multiprocessors"`
	MemoryBytes     int64    `json:"memory_bytes"`
	Images          []string `json:"images"` // the modules loaded
	OpenSeconds     float64  `json:"open_seconds"`
}

// Arch is the name of the card's machine code, "sm_90".
func (i *CardInfo) Arch() string { return "sm_" + strings.ReplaceAll(i.Capability, ".", "") }

// Open opens a device: "cuda:0", or "host" for the kernels compiled for the processor. Its errors wrap device.ErrNoGPU
// where there is no such card or this build has no engine for one, and ErrDevice for another name.
func Open(ctx context.Context, name string, s Source) (*Card, error) {
	if name == "host" {
		return openHost(ctx, s)
	}
	number, ok := strings.CutPrefix(name, "cuda:")
	ordinal, err := strconv.Atoi(number)
	if !ok || err != nil || ordinal < 0 {
		return nil, fmt.Errorf("%w: %.40q: must be cuda:0, cuda:1, … or host", ErrDevice, name)
	}
	if !cuda.Built {
		return nil, fmt.Errorf("%w: no GPU in this build: build doin-bench with the tag gpu (make gpu-bundle), or try --device host", device.ErrNoGPU)
	}
	begun := time.Now()
	d, err := cuda.Open(ordinal, cuda.Options{ForcePTX: s.ForcePTX, Images: s.Images})
	if err != nil {
		return nil, err
	}
	i := d.Info()
	return &Card{
		Device: d, Source: s.name(i.Images), elapsed: d.Elapsed, close: d.Close,
		Info: CardInfo{
			Name: i.Name, Driver: i.DriverVersion, CUDA: i.CUDA(), Capability: i.Capability(), PCIBusID: i.PCIBusID,
			Multiprocessors: i.Multiprocessors, MemoryBytes: i.TotalBytes, Images: i.Images, OpenSeconds: time.Since(begun).Seconds(),
		},
	}, nil
}

// openHost compiles the kernels with g++ and starts them.
func openHost(ctx context.Context, s Source) (*Card, error) {
	begun := time.Now()
	o := host.Options{Optimization: "-O3"}
	if _, err := host.Sources(); err != nil { // not where this program was built: those that are embedded
		folder, err := os.MkdirTemp("", "doin-kernels-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(folder)
		if o.Sources, err = unpackSources(folder); err != nil {
			return nil, err
		}
	}
	program, err := host.Build(ctx, "", o)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", device.ErrNoGPU, err)
	}
	d, err := host.Start(context.WithoutCancel(ctx), program, host.Config{}) // until Close
	if err != nil {
		return nil, err
	}
	p := d.Properties()
	return &Card{
		Device: d, Source: or(s.Name, "host"), close: d.Close,
		Info: CardInfo{Name: p.Name, Multiprocessors: p.Multiprocessors, MemoryBytes: p.MemoryBytes, Images: []string{}, OpenSeconds: time.Since(begun).Seconds()},
	}, nil
}

// unpackSources writes the embedded kernels into a folder and returns the paths of the .cu files.
func unpackSources(folder string) ([]string, error) {
	var units []string
	for _, name := range kernels.Sources() {
		text, err := kernels.Source(name)
		if err != nil {
			return nil, err
		}
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return nil, err
		}
		if filepath.Ext(name) == ".cu" {
			units = append(units, path)
		}
	}
	return units, nil
}
