package kernels

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
)

// Manifest says how the images were made and what is in them. It is kernels/ptx/manifest.json, written by cmd/ptxgen.
type Manifest struct {
	// Toolkit is the version of the compiler: "11.8.89".
	Toolkit string `json:"toolkit"`
	// Flags are the compiler's arguments for each form; {arch} stands for sm_89 or sm_90.
	Flags Flags `json:"flags"`
	// Sources has the SHA-256, in hexadecimal, of each .cu and .cuh.
	Sources map[string]string `json:"sources"`
	// Outputs has the images by file name.
	Outputs map[string]Output `json:"outputs"`
	// Entries has the kernels by name.
	Entries map[string]Entry `json:"entries"`
}

// Flags are the compiler's arguments.
type Flags struct {
	PTX   []string `json:"ptx"`
	Cubin []string `json:"cubin"`
}

// Output is one image.
type Output struct {
	SHA256 string `json:"sha256"`
	Bytes  int    `json:"bytes"`
	// LeftOut says that the image is too large to be committed; devices take the PTX instead.
	LeftOut bool `json:"left_out,omitempty"`
}

// Entry is a kernel.
type Entry struct {
	// Module has it: "train".
	Module string `json:"module"`
	// ParameterBytes is the size of its parameters, as the device lays them out.
	ParameterBytes int `json:"parameter_bytes"`
	// MaxThreads is the largest block it was compiled for (__launch_bounds__), 0 where it says nothing.
	MaxThreads int `json:"max_threads"`
	// Resources has what it takes of each architecture: of sm_80 as assembled from the PTX, of the others as in the
	// cubins.
	Resources map[string]Resources `json:"resources"`
}

// Resources is what a kernel takes, as the assembler reports it. All but Registers are bytes.
type Resources struct {
	// Registers of a thread.
	Registers   int `json:"registers"`
	SpillStores int `json:"spill_stores"`
	SpillLoads  int `json:"spill_loads"`
	// Stack of a thread.
	Stack int `json:"stack"`
	// StaticShared is the shared memory of a block beside what a launch asks for.
	StaticShared int `json:"static_shared"`
}

// ParseManifest reads a manifest, strictly.
func ParseManifest(text []byte) (*Manifest, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	m := new(Manifest)
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	if d.More() {
		return nil, fmt.Errorf("read manifest: more than one value")
	}
	return m, nil
}

// Built returns the manifest of the images in this program. It is shared: do not change it.
func Built() *Manifest { return manifest() }

var manifest = sync.OnceValue(func() *Manifest {
	text, err := built.ReadFile("ptx/manifest.json")
	if err != nil {
		panic(err) // the file is in the program
	}
	m, err := ParseManifest(text)
	if err != nil {
		panic(err) // a test reads it
	}
	return m
})
