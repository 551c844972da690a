package module

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

const (
	machineCUDA = elf.Machine(190)
	// versionAt is where ELF's version stands; a cubin has its toolkit's there, which package elf refuses.
	versionAt = 20

	// Attributes in .nv.info.NAME, each with a header: format, attribute, and a value or length of 16 bits.
	formatSized     = 4    // the 16 bits are the length of what follows
	attrMaxThreads  = 0x05 // three u32
	attrParamsBytes = 0x19 // in the header
)

// infoLimit is more than any section has that is read here.
const infoLimit = 1 << 20

// ReadCubin returns the kernels of a cubin, sorted by name. The error wraps ErrFormat.
func ReadCubin(b []byte) ([]Entry, error) {
	f, err := openCubin(b)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, s := range f.Sections {
		name, ok := strings.CutPrefix(s.Name, ".text.")
		if !ok {
			continue
		}
		e := Entry{Name: name}
		info := f.Section(".nv.info." + name)
		if info == nil {
			return nil, fmt.Errorf("%w: %s without .nv.info", ErrFormat, name)
		}
		data, err := io.ReadAll(io.LimitReader(info.Open(), infoLimit))
		if err != nil {
			return nil, fmt.Errorf("%w: .nv.info.%s: %w", ErrFormat, name, err)
		}
		if err := e.read(data); err != nil {
			return nil, fmt.Errorf("%w: .nv.info.%s: %w", ErrFormat, name, err)
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return entries, nil
}

// read takes the attributes of a kernel.
func (e *Entry) read(info []byte) error {
	for len(info) > 0 {
		if len(info) < 4 {
			return io.ErrUnexpectedEOF
		}
		format, attr, value := info[0], info[1], int(binary.LittleEndian.Uint16(info[2:]))
		info = info[4:]
		var body []byte
		if format == formatSized {
			if value > len(info) {
				return io.ErrUnexpectedEOF
			}
			body, info = info[:value], info[value:]
		}
		switch {
		case attr == attrParamsBytes && format != formatSized:
			e.ParameterBytes = value
		case attr == attrMaxThreads && len(body) == 12:
			n := uint64(1)
			for i := range 3 {
				n *= uint64(binary.LittleEndian.Uint16(body[4*i:])) // at most 1024 in all
			}
			e.MaxThreads = int(min(n, 1<<20))
		}
	}
	return nil
}

func openCubin(b []byte) (*elf.File, error) {
	if len(b) < versionAt+4 || string(b[:4]) != elf.ELFMAG {
		return nil, fmt.Errorf("%w: no ELF file", ErrFormat)
	}
	b = bytes.Clone(b)
	binary.LittleEndian.PutUint32(b[versionAt:], uint32(elf.EV_CURRENT))
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if f.Machine != machineCUDA {
		return nil, fmt.Errorf("%w: for %v and not CUDA", ErrFormat, f.Machine)
	}
	return f, nil
}

var lineInfo = regexp.MustCompile(`^\.(debug_(line|info|str)|nv_debug)`)

// LintCubin returns what a cubin must not have: names of files or of the folder it was compiled in, line information, and
// functions outside of it. Nil means none.
func LintCubin(b []byte) []string {
	f, err := openCubin(b)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for _, s := range f.Sections {
		if lineInfo.MatchString(s.Name) {
			found = append(found, "line information: "+s.Name)
		}
		if s.Type != elf.SHT_STRTAB {
			continue
		}
		names, err := io.ReadAll(io.LimitReader(s.Open(), infoLimit))
		if err != nil {
			return append(found, err.Error())
		}
		for name := range strings.SplitSeq(string(names), "\x00") {
			found = append(found, lintName(name)...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// outside are functions of the device's runtime that a program can reach although it defines none of them.
var outside = regexp.MustCompile(`^(vprintf|malloc|free|__assertfail|__assert_fail|cudaLaunchDevice\w*|cudaGetParameterBuffer\w*|__nv_\w+)$`)

func lintName(name string) []string {
	var found []string
	if path := paths.FindString(name); path != "" {
		found = append(found, "path: "+strings.TrimSpace(path))
	}
	if strings.Contains(name, "_INTERNAL_") {
		found = append(found, "internal linkage, named after the folder of the source: "+name)
	}
	if outside.MatchString(name) {
		found = append(found, "function of the device's runtime: "+name)
	}
	return found
}
