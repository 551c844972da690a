package module

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	comments  = regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/`)
	entryHead = regexp.MustCompile(`\.entry\s+([\w$%]+)\s*(?:\(([^)]*)\))?([^{;]*)[{;]`)
	// .param .align 8 .b8 name[24], .param .u64 name, .param .u64 .ptr .global .align 4 name
	parameter  = regexp.MustCompile(`^\.param\s+(?:\.align\s+(\d+)\s+)?\.[busf](8|16|32|64)\s+(?:\.ptr\s+(?:\.\w+\s+)?(?:\.align\s+\d+\s+)?)?[\w$%]+(?:\[(\d+)\])?$`)
	maxThreads = regexp.MustCompile(`\.(?:maxntid|reqntid)\s+(\d+)(?:\s*,\s*(\d+))?(?:\s*,\s*(\d+))?`)
)

// ReadPTX returns the kernels of a PTX module, sorted by name. The error wraps ErrFormat.
func ReadPTX(text string) ([]Entry, error) {
	text = comments.ReplaceAllString(text, "")
	if !strings.Contains(text, ".version") || !strings.Contains(text, ".target") {
		return nil, fmt.Errorf("%w: no .version and .target", ErrFormat)
	}
	var entries []Entry
	for _, m := range entryHead.FindAllStringSubmatch(text, -1) {
		size, err := parameterBytes(m[2])
		if err != nil {
			return nil, fmt.Errorf("%w: entry %s: %w", ErrFormat, m[1], err)
		}
		e := Entry{Name: m[1], ParameterBytes: size}
		if t := maxThreads.FindStringSubmatch(m[3]); t != nil {
			e.MaxThreads = 1
			for _, n := range t[1:] {
				if v, err := strconv.ParseUint(cmp.Or(n, "1"), 10, 16); err == nil {
					e.MaxThreads *= int(v)
				}
			}
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return entries, nil
}

// parameterBytes returns the size of a list of parameters.
func parameterBytes(list string) (int, error) {
	if strings.TrimSpace(list) == "" {
		return 0, nil
	}
	size := 0
	for _, p := range strings.Split(list, ",") {
		p = strings.Join(strings.Fields(p), " ")
		m := parameter.FindStringSubmatch(p)
		if m == nil {
			return 0, fmt.Errorf("parameter %q", p)
		}
		number := func(s string, otherwise int) int {
			if s == "" {
				return otherwise
			}
			v, err := strconv.ParseUint(s, 10, 20) // a kernel has at most 32764 bytes of them
			if err != nil || v == 0 {
				return -1
			}
			return int(v)
		}
		element := number(m[2], 0) / 8
		align, count := number(m[1], element), number(m[3], 1)
		if align < 1 || count < 1 {
			return 0, fmt.Errorf("parameter %q", p)
		}
		size = (size+align-1)/align*align + element*count
	}
	return size, nil
}
