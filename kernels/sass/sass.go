// Package sass reads what the toolkit's assembler makes of PTX: [Disassemble] runs ptxas and nvdisasm, and what is counted in
// their listing is how long an instruction's fast path is and which loops a kernel has.
//
// Nothing of it runs on a card; it is the toolkit's word on how many instructions a warp would issue. What they take, and what
// waits for what, is not known here.
package sass

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// ErrNoToolkit is returned by Disassemble where ptxas or nvdisasm is not installed.
var ErrNoToolkit = errors.New("sass: no CUDA toolkit")

// Instruction is a line of a listing.
type Instruction struct {
	// Address in bytes from the beginning of its kernel.
	Address int
	// Guarded by a predicate.
	Guarded bool
	// Op is the instruction with its modifiers: "LDG.E.128".
	Op string
	// Target of a branch or call, or −1.
	Target int
}

var (
	heading = regexp.MustCompile(`^\.text\.(\S+):`)
	label   = regexp.MustCompile(`^([.$]\S+):`)
	coded   = regexp.MustCompile(`^\s*/\*([0-9a-f]{4,})\*/\s+(@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)([^;]*);`)
	aim     = regexp.MustCompile("`\\((\\S+)\\)")
)

// Disassemble assembles PTX for an architecture, "sm_80", and returns its kernels by name.
func Disassemble(ctx context.Context, arch, ptx string) (map[string][]Instruction, error) {
	for _, tool := range []string{"ptxas", "nvdisasm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoToolkit, err)
		}
	}
	dir, err := os.MkdirTemp("", "sass-*")
	if err != nil {
		return nil, fmt.Errorf("sass: %w", err)
	}
	defer os.RemoveAll(dir)
	source, object := filepath.Join(dir, "a.ptx"), filepath.Join(dir, "a.cubin")
	if err := os.WriteFile(source, []byte(ptx), 0o644); err != nil {
		return nil, fmt.Errorf("sass: %w", err)
	}
	if out, err := exec.CommandContext(ctx, "ptxas", "-arch="+arch, source, "-o", object).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("sass: ptxas: %w\n%s", err, out)
	}
	out, err := exec.CommandContext(ctx, "nvdisasm", "-c", object).Output()
	if err != nil {
		return nil, fmt.Errorf("sass: nvdisasm: %w", err)
	}
	return parse(string(out)), nil
}

// Release returns the version of ptxas, "11.8.89".
func Release(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "ptxas", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoToolkit, err)
	}
	m := regexp.MustCompile(`, V(\S+)`).FindSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("sass: ptxas --version: %q", out)
	}
	return string(m[1]), nil
}

// parse reads nvdisasm's listing: the kernels, with the names of labels made addresses.
func parse(listing string) map[string][]Instruction {
	kernels := map[string][]Instruction{}
	labels := map[string]int{}
	var waiting []string    // labels before the next instruction
	var aims map[int]string // targets that are labels, by the instruction's place
	name := ""
	finish := func() {
		for n, to := range aims {
			if at, ok := labels[to]; ok {
				kernels[name][n].Target = at
			}
		}
		labels, aims, waiting = map[string]int{}, map[int]string{}, nil
	}
	for line := range strings.Lines(listing) {
		if m := heading.FindStringSubmatch(line); m != nil {
			finish()
			name = m[1]
			continue
		}
		if m := label.FindStringSubmatch(line); m != nil {
			waiting = append(waiting, m[1])
			continue
		}
		m := coded.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		at, err := strconv.ParseInt(m[1], 16, 32)
		if err != nil {
			continue
		}
		for _, l := range waiting {
			labels[l] = int(at)
		}
		waiting = nil
		if to := aim.FindStringSubmatch(m[4]); to != nil {
			aims[len(kernels[name])] = to[1]
		}
		kernels[name] = append(kernels[name], Instruction{Address: int(at), Guarded: m[2] != "", Op: m[3], Target: -1})
	}
	finish()
	return kernels
}

// FastPath returns how many instructions a kernel of straight code issues up to its EXIT, where every branch around a call of
// a slow path is taken.
func FastPath(kernel []Instruction) int {
	n := 0
	for at := 0; at < len(kernel); at++ {
		i := kernel[at]
		n++
		if i.Op == "EXIT" {
			break
		}
		if i.Guarded && i.Target > i.Address && calls(kernel, i.Address, i.Target) {
			for at+1 < len(kernel) && kernel[at+1].Address < i.Target {
				at++
			}
		}
	}
	return n
}

// calls reports whether there is a call between two addresses.
func calls(kernel []Instruction, from, to int) bool {
	for _, i := range kernel {
		if i.Address > from && i.Address < to && strings.HasPrefix(i.Op, "CALL") {
			return true
		}
	}
	return false
}

// Loop is a loop without another branch in it.
type Loop struct {
	// Instructions of a turn, the branch included, and those of them that are FFMA, and that load.
	Instructions, FMA, Loads int
	// Address of the first.
	Address int
}

// Loops returns a kernel's loops that have no branch but the one that closes them.
func Loops(kernel []Instruction) []Loop {
	var out []Loop
	for end, i := range kernel {
		if !strings.HasPrefix(i.Op, "BRA") || i.Target < 0 || i.Target > i.Address {
			continue
		}
		l := Loop{Address: i.Target}
		for _, j := range kernel[:end+1] {
			if j.Address < i.Target {
				continue
			}
			if j.Address < i.Address && j.Target >= 0 {
				l.Instructions = 0
				break
			}
			l.Instructions++
			if strings.HasPrefix(j.Op, "FFMA") {
				l.FMA++
			}
			if strings.HasPrefix(j.Op, "LD") && !strings.HasPrefix(j.Op, "LDC") {
				l.Loads++
			}
		}
		if l.Instructions > 1 {
			out = append(out, l)
		}
	}
	return out
}
