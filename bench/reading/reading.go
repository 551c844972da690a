// Package reading measures how fast a large file of text is read, and what memory that takes: each case in a process of its own,
// which getrusage asks about afterwards.
//
//	r, err := reading.Run(ctx, reading.DefaultConfig(), child)
//	err = r.WriteMarkdown(os.Stdout, time.Now())
//
// Deliberately absent: the disk's speed (the file has just been written, so that the system has it in memory) and what a domain makes
// of a table.
package reading

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"doin.network/node/bench/report"
	"doin.network/node/compute/data"
	"doin.network/node/compute/domain/forecast"
)

// Config says what is measured.
type Config struct {
	MiB    int    // of text, of a table; a series has as many rows as may be read, at most
	Folder string // for the file while it is there; empty: the system's
}

// DefaultConfig is the largest file that is read.
func DefaultConfig() Config { return Config{MiB: data.MaxBytes >> 20} }

// ErrConfig is returned by Run for a configuration that measures nothing.
var ErrConfig = errors.New("reading: invalid configuration")

// Case is one way of reading.
type Case struct {
	Name, Text string
	write      func(w io.Writer, row int)
	header     string
	rows       int // at most; 0: any number
	read       func(path string) (rows int, err error)
}

// Cases returns the ways.
func Cases() []Case {
	table := func(keep func(string) bool) func(string) (int, error) {
		return func(path string) (int, error) {
			g, err := data.Read(path, data.Options{}, keep)
			if err != nil {
				return 0, err
			}
			return g.Rows(), nil
		}
	}
	const header = "time,a,b,c,d,e,f,g,h,i,j,remark\n"
	return []Case{
		{Name: "all", Text: "twelve columns, all kept: a time, ten numbers of 17 digits, a remark", header: header, write: writeRow, read: table(nil)},
		{Name: "one", Text: "the same file, one column of numbers kept", header: header, write: writeRow, read: table(func(name string) bool { return name == "e" })},
		{Name: "series", Text: "a series: a time and a value a row, as forecast has it before it trains", header: "time,value\n", rows: 9_000_000, write: writePoint, read: readSeries},
	}
}

// remark fills a row, so that a file of the largest size has no more cells than may be read.
var remark = strings.Repeat("a remark of some words as people write them ", 10)

func writeRow(w io.Writer, row int) {
	fmt.Fprintf(w, "%s", time.Unix(int64(row)*60, 0).UTC().Format("2006-01-02 15:04:05"))
	for i := range 10 {
		fmt.Fprintf(w, ",%.16g", 1+float64((row*7919+i*104729)%1_000_003)/1_000_003)
	}
	fmt.Fprintf(w, ",%s%d\n", remark, row)
}

func writePoint(w io.Writer, row int) {
	fmt.Fprintf(w, "%s,%.10f\n", time.Unix(int64(row)*60, 0).UTC().Format("2006-01-02 15:04:05"), 100+float64(row*7919%1_000_003)/1_000_003)
}

func readSeries(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	t, err := forecast.Parse(f, data.Options{}, forecast.Form{})
	if err != nil {
		return 0, err
	}
	return t.Rows(), nil
}

// Row is what was measured of a case.
type Row struct {
	Case  string  `json:"case"`
	Text  string  `json:"text"`
	Bytes int64   `json:"bytes"`
	Rows  int     `json:"rows"`
	Wall  float64 `json:"wall_s"`
	CPU   float64 `json:"cpu_s"`
	// Peak is the largest resident size of the process, Base that of one that has read nothing.
	Peak int64 `json:"peak_bytes"`
	Base int64 `json:"base_bytes"`
}

// Speed is the megabytes of text a second of one processor.
func (r *Row) Speed() float64 { return float64(r.Bytes) / 1e6 / r.CPU }

// Ratio is the memory beyond that of an idle process, by the size of the file.
func (r *Row) Ratio() float64 { return float64(r.Peak-r.Base) / float64(r.Bytes) }

// Child reads a file as a case does, in this process, which does nothing else. The collector has the setting of doin-worker.
func Child(name, path string) (Row, error) {
	debug.SetGCPercent(data.GCPercent)
	for _, c := range Cases() {
		if c.Name != name {
			continue
		}
		row := Row{Case: name}
		_, row.Base = usage()
		start := time.Now()
		rows, err := c.read(path)
		if err != nil {
			return row, err
		}
		row.Rows, row.Wall = rows, time.Since(start).Seconds()
		row.CPU, row.Peak = usage()
		return row, nil
	}
	return Row{}, fmt.Errorf("%w: no case %q", ErrConfig, name)
}

// Report is what Run measured.
type Report struct {
	Processor string `json:"processor"`
	Cores     int    `json:"cores"`
	Go        string `json:"go"`
	Load      string `json:"load"` // of the machine: before and after
	Rows      []Row  `json:"rows"`
}

// Run writes the file of each case and has it read by a process that child starts: one that prints Child's row as JSON.
func Run(ctx context.Context, c Config, child func(ctx context.Context, name, path string) ([]byte, error)) (*Report, error) {
	if c.MiB < 1 || c.MiB > data.MaxBytes>>20 {
		return nil, fmt.Errorf("%w: %d MiB: must be in [1, %d]", ErrConfig, c.MiB, data.MaxBytes>>20)
	}
	r := &Report{Processor: processorName(), Cores: runtime.NumCPU(), Go: runtime.Version(), Load: load()}
	for _, one := range Cases() {
		row, err := measure(ctx, &c, &one, child)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", one.Name, err)
		}
		r.Rows = append(r.Rows, row)
	}
	r.Load += "; " + load()
	return r, nil
}

func measure(ctx context.Context, c *Config, one *Case, child func(ctx context.Context, name, path string) ([]byte, error)) (row Row, err error) {
	folder, err := os.MkdirTemp(c.Folder, "reading")
	if err != nil {
		return row, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, one.Name+".csv")
	size, err := one.make(ctx, path, int64(c.MiB)<<20)
	if err != nil {
		return row, err
	}
	out, err := child(ctx, one.Name, path)
	if err != nil {
		return row, err
	}
	if err := json.Unmarshal(out, &row); err != nil {
		return row, err
	}
	row.Text, row.Bytes = one.Text, size
	return row, nil
}

// make writes a file of at most size bytes.
func (c *Case) make(ctx context.Context, path string, size int64) (written int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	var line strings.Builder
	line.WriteString(c.header)
	for row := 0; written+int64(line.Len()) <= size && (c.rows == 0 || row <= c.rows); row++ {
		if row%4096 == 0 && ctx.Err() != nil {
			return written, ctx.Err()
		}
		n, err := w.WriteString(line.String())
		if written += int64(n); err != nil {
			return written, err
		}
		line.Reset()
		c.write(&line, row)
	}
	return written, w.Flush()
}

// WriteMarkdown writes the report for people.
func (r *Report) WriteMarkdown(w io.Writer, at time.Time) error {
	p := &report.Printer{W: w}
	p.Printf("# Reading\n\nMade by `doin-bench reading`, %s, on %s, %d cores, %s. Load of the machine before and after: %s.\n\n", at.UTC().Format(time.DateOnly), r.Processor, r.Cores, r.Go, r.Load)
	p.Printf("A process of its own reads each file, which has just been written. MB (10⁶ bytes) a second are of processor time, all goroutines and the collector\nincluded; memory is the process's largest resident size beyond what it had before it read.\n\n")
	p.Printf("| file | MiB | rows | wall s | processor s | MB/s a core | peak MiB | by the file |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for i := range r.Rows {
		row := &r.Rows[i]
		p.Printf("| %s | %d | %d | %.1f | %.1f | %.0f | %d | %.2f |\n", row.Text, row.Bytes>>20, row.Rows, row.Wall, row.CPU, row.Speed(), (row.Peak-row.Base)>>20, row.Ratio())
	}
	return p.Err
}

// processorName and load are what Linux says; elsewhere they are unknown.
func processorName() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if first, _, ok := strings.Cut(string(b), " "); err == nil && ok {
		return first
	}
	return "unknown"
}
