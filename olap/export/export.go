// Package export writes the tables of package olap as files that other tools read: Parquet in hive directories, Arrow, CSV, or
// a SQLite file.
//
// A file is written under a temporary name and renamed when it is whole: what has a final name is complete. All files of an
// export are of one state.
package export

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"doin.network/node/olap"
	"doin.network/node/olap/sqlite"
)

// Errors of Write.
var (
	// ErrFormat is wrapped for a format that is none of Formats.
	ErrFormat = errors.New("export: no such format")
	// ErrOut is wrapped where the folder cannot take the files: it has some already.
	ErrOut = errors.New("export: the folder is not empty")
)

// Formats are the formats, by name.
func Formats() []string { return []string{"parquet", "arrow", "csv", "sqlite"} }

// Job says what to write where.
type Job struct {
	Format string // of Formats
	Dir    string // it is made; it must be empty
	// Bucket is where the files go instead of Dir, where it is set; nothing may be there. It takes no SQLite file.
	Bucket *Bucket
	sqlite.Filter
	// Tables are the names of those to write; empty: all.
	Tables []string
}

// Summary is what Write has written.
type Summary struct {
	Files int
	Rows  map[string]int64 // by table, those without rows too
}

// Metadata returns what every file's metadata says of the state that it is of.
func Metadata(ctx context.Context, s *sqlite.Snapshot) (map[string]string, error) {
	height, tip, err := s.Tip(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]string{"doin.schema_version": strconv.Itoa(olap.SchemaVersion), "doin.height": strconv.FormatInt(height, 10),
		"doin.tip": tip}, nil
}

// Write writes the job's files out of a snapshot. Where it fails nothing is left under a final name that is not whole. The
// errors wrap ErrFormat, ErrOut, or say what the file system says.
func Write(ctx context.Context, s *sqlite.Snapshot, j Job) (sum Summary, err error) {
	if !slices.Contains(Formats(), j.Format) {
		return sum, fmt.Errorf("%w: %q; there are parquet, arrow, csv and sqlite", ErrFormat, j.Format)
	}
	if err := j.prepare(ctx); err != nil {
		return sum, err
	}
	metadata, err := Metadata(ctx, s)
	if err != nil {
		return sum, err
	}
	sum.Rows = map[string]int64{}
	if j.Format == "sqlite" {
		return sum, database(ctx, s, j, &sum)
	}
	for _, t := range olap.Tables() {
		if len(j.Tables) > 0 && !slices.Contains(j.Tables, t.Name) {
			continue
		}
		p := parts{ctx: ctx, job: &j, table: t, metadata: metadata, open: map[string]*part{}, count: map[string]int{}}
		err := s.Scan(ctx, t, j.Filter, p.add)
		if err = p.close(err); err != nil {
			return sum, err
		}
		sum.Files, sum.Rows[t.Name] = sum.Files+p.files, p.rows
	}
	return sum, nil
}

// prepare makes the place for the files, or says why they cannot be there.
func (j *Job) prepare(ctx context.Context) error {
	if j.Bucket != nil {
		if j.Format == "sqlite" {
			return fmt.Errorf("%w in a bucket: sqlite; there are parquet, arrow and csv", ErrFormat)
		}
		return j.Bucket.empty(ctx)
	}
	if err := os.MkdirAll(j.Dir, 0o755); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if list, err := os.ReadDir(j.Dir); err != nil {
		return fmt.Errorf("export: %w", err)
	} else if len(list) > 0 {
		return fmt.Errorf("%w: %s has %s; name another, or empty it", ErrOut, j.Dir, list[0].Name())
	}
	return nil
}

// maxOpen bounds the files of a table that are written at once.
const maxOpen = 16

// parts are the files of one table.
type parts struct {
	ctx      context.Context // of the call
	job      *Job
	table    *olap.Table
	metadata map[string]string
	open     map[string]*part // by folder
	order    []string         // the folder opened first comes first
	count    map[string]int   // files by folder
	files    int
	rows     int64
}

// add writes a row into the file that it belongs to.
func (p *parts) add(values []any) error {
	dir := p.folder(values)
	f := p.open[dir]
	if f == nil {
		if len(p.open) == maxOpen {
			if err := p.finish(p.order[0]); err != nil {
				return err
			}
		}
		var err error
		if f, err = create(p.ctx, p.job.opener(), p.path(dir), p.job.Format, p.table, p.metadata); err != nil {
			return err
		}
		p.open[dir], p.order = f, append(p.order, dir)
	}
	p.rows++
	return f.Add(values)
}

func (j *Job) opener() opener {
	if j.Bucket != nil {
		return j.Bucket.open
	}
	return openOnDisk
}

// root is the folder, none in a bucket.
func (j *Job) root() string {
	if j.Bucket != nil {
		return ""
	}
	return j.Dir
}

// folder is where a row's file lies: of Parquet by domain and date, of the others one for all.
func (p *parts) folder(values []any) string {
	if p.job.Format != "parquet" {
		return ""
	}
	domain, date := "", ""
	for i := range p.table.Columns {
		text, _ := values[i].(string)
		switch p.table.Columns[i].Name {
		case "domain_id":
			domain = text
		case sqlite.TimeColumn(p.table):
			date = text[:min(len(text), len("2006-01-02"))]
		}
	}
	if domain == "" || date == "" {
		return p.table.Name
	}
	return filepath.Join(p.table.Name, "domain="+escape(domain), "date="+escape(date))
}

func (p *parts) path(dir string) string {
	if p.job.Format != "parquet" {
		return filepath.Join(p.job.root(), p.table.Name+"."+p.job.Format)
	}
	n := p.count[dir]
	p.count[dir]++
	return filepath.Join(p.job.root(), dir, fmt.Sprintf("part-%d.parquet", n))
}

func (p *parts) finish(dir string) error {
	f := p.open[dir]
	delete(p.open, dir)
	p.order = slices.DeleteFunc(p.order, func(d string) bool { return d == dir })
	p.files++
	return f.finish()
}

// close ends the files; after an error they are removed. A table without rows has a file of none, so that a query finds it.
func (p *parts) close(err error) error {
	if err == nil && p.rows == 0 {
		var f *part
		if f, err = create(p.ctx, p.job.opener(), p.path(p.folder(make([]any, len(p.table.Columns)))), p.job.Format, p.table, p.metadata); err == nil {
			p.files++
			err = f.finish()
		}
	}
	for len(p.order) > 0 {
		dir := p.order[0]
		if err == nil {
			err = p.finish(dir)
			continue
		}
		p.open[dir].abandon()
		p.order = p.order[1:]
	}
	return err
}
