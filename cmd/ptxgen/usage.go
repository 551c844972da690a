package main

import (
	"bufio"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"doin.network/node/kernels"
)

// What ptxas -v prints for each kernel:
//
//	ptxas info    : Compiling entry function 'train_f32' for 'sm_89'
//	ptxas info    : Function properties for train_f32
//	    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
//	ptxas info    : Used 16 registers, 4 bytes smem, 376 bytes cmem[0]
//
// 12.x adds words to the last line ("used 1 barriers"), and the times of compilation.
var (
	compiling  = regexp.MustCompile(`Compiling entry function '([^']+)'`)
	properties = regexp.MustCompile(`Function properties for (\S+)`)
	spills     = regexp.MustCompile(`(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads`)
	used       = regexp.MustCompile(`Used (\d+) registers`)
	static     = regexp.MustCompile(`(\d+) bytes smem`)
)

// parseUsage reads what the assembler says of each kernel.
func parseUsage(log string) (map[string]kernels.Resources, error) {
	out := map[string]kernels.Resources{}
	var entry, function string
	for s := bufio.NewScanner(strings.NewReader(log)); s.Scan(); {
		line := s.Text()
		if m := compiling.FindStringSubmatch(line); m != nil {
			entry, function = m[1], m[1]
			out[entry] = kernels.Resources{}
			continue
		}
		if entry == "" {
			continue
		}
		if m := properties.FindStringSubmatch(line); m != nil {
			function = m[1] // functions that are not inlined have their own
		}
		r := out[entry]
		if m := spills.FindStringSubmatch(line); m != nil && function == entry {
			if err := numbers(m[1:], &r.Stack, &r.SpillStores, &r.SpillLoads); err != nil {
				return nil, err
			}
		}
		if m := used.FindStringSubmatch(line); m != nil {
			if err := numbers(m[1:], &r.Registers); err != nil {
				return nil, err
			}
			if m := static.FindStringSubmatch(line); m != nil {
				if err := numbers(m[1:], &r.StaticShared); err != nil {
					return nil, err
				}
			}
		}
		out[entry] = r
	}
	for name, r := range out {
		if r.Registers == 0 {
			return nil, fmt.Errorf("the assembler does not say how many registers %s uses", name)
		}
	}
	return out, nil
}

func numbers(texts []string, to ...*int) error {
	for i, text := range texts {
		v, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		*to[i] = v
	}
	return nil
}
