// Package kernels holds the CUDA kernels of DOIN-F32: their sources, what the pinned compiler made of them, and the
// structs through which the host talks to them.
//
// The sources (*.cu with the entries, *.cuh with what they share) are the definition; ptx/ is made from them by `make ptx`
// (cmd/ptxgen) and committed, so that nobody but who changes a kernel needs a CUDA toolkit. One .cu is one module, and
// every module exists in three images:
//
//	train.ptx           for compute capability 8.0 and later, compiled once more by the driver
//	train.sm_89.cubin   machine code for exactly 8.9 (Ada)
//	train.sm_90.cubin   machine code for exactly 9.0 (Hopper)
//
// All three return the same bits. Images chooses; Entries says what an image's kernels need; Source hands out the
// sources, for machines that want to compile them with a toolkit of their own.
//
// What is committed is checked on any machine by this package's tests: the hashes in ptx/manifest.json, the entries and
// the size of their parameter, the instructions (package module lints them), the budgets of registers and memory,
// and abi.go against abi.cuh. Where the toolkit is installed, `make ptx-verify` compiles again and compares every byte.
//
// The package imports nothing but the standard library, and launches nothing: compute/device/block chooses kernels and
// launches, compute/device/cuda loads the images, kernels/host runs the same sources on the processor.
package kernels

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
)

// files are the sources; the pattern takes .cu and .cuh.
//
//go:embed *.cu*
var files embed.FS

//go:embed ptx
var built embed.FS

// ErrCapability is returned by Images for a device that is older than what the kernels are compiled for.
var ErrCapability = errors.New("kernels: compute capability below 8.0")

// Image is one module in the form that cuModuleLoadData takes.
type Image struct {
	// Module is the name of the source without its suffix: "train".
	Module string
	// File is the name in kernels/ptx: "train.sm_90.cubin".
	File string
	// PTX says that Data is text for the driver's compiler and not machine code.
	PTX bool
	// Data is the file. PTX has no zero at its end; the driver wants one. Data belongs to the caller.
	Data []byte
}

// Images returns every module in the form for a device of compute capability major.minor: the cubin where there is one
// for exactly this capability, else the PTX; always the PTX where ptxOnly is set. They are sorted by module. A device
// below 8.0 is an error that wraps ErrCapability.
func Images(major, minor int, ptxOnly bool) ([]Image, error) {
	if major < 8 {
		return nil, fmt.Errorf("%w: the device has %d.%d", ErrCapability, major, minor)
	}
	var images []Image
	for _, name := range Modules() {
		file := fmt.Sprintf("%s.sm_%d%d.cubin", name, major, minor)
		data, err := built.ReadFile("ptx/" + file)
		if err == nil && !ptxOnly {
			images = append(images, Image{Module: name, File: file, Data: data})
			continue
		}
		data, err = PTX(name)
		if err != nil {
			return nil, err
		}
		images = append(images, Image{Module: name, File: name + ".ptx", PTX: true, Data: data})
	}
	return images, nil
}

// PTX returns the PTX of a module, without a zero at its end. The text belongs to the caller.
func PTX(module string) ([]byte, error) {
	text, err := built.ReadFile("ptx/" + module + ".ptx")
	if err != nil {
		return nil, fmt.Errorf("kernels: module %q: %w", module, err)
	}
	return text, nil
}

// Modules returns the names of the modules, sorted: those of the .cu files without their suffix.
func Modules() []string {
	var names []string
	for _, s := range Sources() {
		if name, ok := cutExt(s, ".cu"); ok {
			names = append(names, name)
		}
	}
	return names
}

// Sources returns the names of all sources, .cu and .cuh, sorted.
func Sources() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the folder is in the program
	}
	var names []string
	for _, e := range entries {
		if ext := path.Ext(e.Name()); ext == ".cu" || ext == ".cuh" {
			names = append(names, e.Name())
		}
	}
	return names
}

// Source returns a source by the name that Sources gives it. The text belongs to the caller.
func Source(name string) ([]byte, error) {
	text, err := files.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("kernels: source %q: %w", name, err)
	}
	return text, nil
}

// Entries returns the kernels by name, as the manifest has them. The map belongs to the caller.
func Entries() map[string]Entry { return maps.Clone(Built().Entries) }

// EntryNames returns the names of the kernels, sorted.
func EntryNames() []string { return slices.Sorted(maps.Keys(Built().Entries)) }

func cutExt(name, ext string) (string, bool) {
	if path.Ext(name) != ext {
		return name, false
	}
	return name[:len(name)-len(ext)], true
}
