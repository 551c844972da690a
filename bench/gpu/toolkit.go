package gpu

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"doin.network/node/kernels"
)

// ErrImages is returned by LoadImages, wrapped, for a folder without an image of each module.
var ErrImages = errors.New("bench/gpu: images missing")

// fastSource is a unit that includes a module with the roundings of its arithmetic left to the compiler. The header of
// the intrinsics is included already when the macros come, so that only the module's own calls change.
const fastSource = `#define __fadd_rn(a, b) ((a) + (b))
#define __fsub_rn(a, b) ((a) - (b))
#define __fmul_rn(a, b) ((a) * (b))
#define __fmaf_rn(a, b, c) ((a) * (b) + (c))
#define __fdiv_rn(a, b) ((a) / (b))
#define __fsqrt_rn(a) sqrtf(a)
#include "%s.cu"
`

// fastFlags replace those that keep every operation as it is written.
var fastFlags = []string{"-cubin", "-arch={arch}", "-use_fast_math", "-fmad=true", "-std=c++17"}

// Rebuild compiles the embedded kernels with an nvcc for an architecture ("sm_90") into a folder, which is made if
// missing: with the flags of the manifest, or, where fast is set, with -use_fast_math -fmad=true and with operators in the
// place of the rounding intrinsics. The results of fast kernels are another function's: they are for timing only.
func Rebuild(ctx context.Context, nvcc, arch, folder string, fast bool) ([]kernels.Image, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp(folder, "sources-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	if _, err := unpackSources(work); err != nil {
		return nil, err
	}
	flags := kernels.Built().Flags.Cubin
	if fast {
		flags = fastFlags
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, module := range kernels.Modules() {
		unit := module + ".cu"
		if fast {
			unit = "fast_" + unit
			if err := os.WriteFile(filepath.Join(work, unit), fmt.Appendf(nil, fastSource, module), 0o644); err != nil {
				return nil, err
			}
		}
		out, err := filepath.Abs(filepath.Join(folder, imageFile(module, arch)))
		if err != nil {
			return nil, err
		}
		var args []string
		for _, f := range flags {
			args = append(args, strings.ReplaceAll(f, "{arch}", arch))
		}
		cmd := exec.CommandContext(ctx, nvcc, append(args, "-o", out, unit)...)
		cmd.Dir = work
		g.Go(func() error {
			if text, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%s of %s: %w\n%s", nvcc, module, err, text)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return LoadImages(folder, arch)
}

func imageFile(module, arch string) string { return module + "." + arch + ".cubin" }

// LoadImages reads the machine code of every module for an architecture from a folder that Rebuild wrote.
func LoadImages(folder, arch string) ([]kernels.Image, error) {
	var images []kernels.Image
	for _, module := range kernels.Modules() {
		file := imageFile(module, arch)
		data, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrImages, err)
		}
		images = append(images, kernels.Image{Module: module, File: file, Data: data})
	}
	return images, nil
}

var release = regexp.MustCompile(`release \d+\.\d+, V(\d+\.\d+\.\d+)`)

// ToolkitVersion returns the version of an nvcc, "11.8.89"; empty where there is none.
func ToolkitVersion(ctx context.Context, nvcc string) string {
	out, err := exec.CommandContext(ctx, nvcc, "--version").Output()
	if err != nil {
		return ""
	}
	if m := release.FindSubmatch(out); m != nil {
		return string(m[1])
	}
	return ""
}

// OpenFolder opens a device with the machine code in a folder that Rebuild wrote: that of the newest architecture that
// the device runs. The error wraps ErrImages where there is none, and joins what the driver says of the others. For the
// device "host", which compiles the kernels itself, the folder means nothing.
func OpenFolder(ctx context.Context, device, folder, name string) (*Card, error) {
	if device == "host" {
		return Open(ctx, device, Source{Name: name})
	}
	files, err := filepath.Glob(filepath.Join(folder, imageFile("*", "sm_*")))
	if err != nil {
		return nil, err
	}
	var archs []string
	for _, f := range files {
		part := strings.Split(filepath.Base(f), ".")
		if arch := part[len(part)-2]; !slices.Contains(archs, arch) {
			archs = append(archs, arch)
		}
	}
	slices.SortFunc(archs, func(a, b string) int { // sm_100 is newer than sm_90
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(b, a))
	})
	errs := []error{fmt.Errorf("%w: none in %s that %s runs", ErrImages, folder, device)}
	for _, arch := range archs {
		images, err := LoadImages(folder, arch)
		if err == nil {
			var card *Card
			if card, err = Open(ctx, device, Source{Name: name, Images: images}); err == nil {
				return card, nil
			}
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}
