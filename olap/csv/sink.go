package csv

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
	"doin.network/node/olap"
)

// Options configures a Sink; the zero value is the reference's file.
type Options struct {
	// Extra appends our columns behind the reference's.
	Extra bool
	// Log hears of files set aside and of repairs. Default none.
	Log *slog.Logger
	// Now is the clock of the summary's finalized_utc. Default time.Now.
	Now func() time.Time
}

// Sink appends rounds to a CSV file. It is for one goroutine at a time.
type Sink struct {
	path    string
	opt     Options
	columns []column

	f   *os.File
	pos position // as saved: every line before pos.Size is of a row up to pos.Seq
	end int64    // of the file; beyond pos.Size lie the lines of recent
	// recent are the rounds that a crash left in the file behind the position. They come again
	// before any row that is not in the file, and count as unsaved until such a row is: a second
	// crash must find them again.
	recent map[string]bool

	summaries *canon.Object // by domain, for Close
}

var _ olap.Sink = (*Sink)(nil)

// Open opens or creates the file at path and its folder. The errors name the file.
func Open(path string, opt Options) (*Sink, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	s := &Sink{path: path, opt: opt, columns: columns(opt.Extra), summaries: canon.NewObject()}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("olap/csv: %w", err)
	}
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("olap/csv: open %s: %w", path, err)
	}
	return s, nil
}

// Name returns "csv".
func (s *Sink) Name() string { return "csv" }

func (s *Sink) posPath() string { return s.path + ".pos" }

// open opens the file, sets aside one it cannot continue, repairs one that a crash cut, and leaves
// s ready to append.
func (s *Sink) open() error {
	pos, err := loadPosition(s.posPath())
	if err != nil {
		return err
	}
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	fail := func(err error) error { return errors.Join(err, f.Close()) }
	info, err := f.Stat()
	if err != nil {
		return fail(err)
	}
	// Only bytes behind our position are surely ours; half a line elsewhere is not ours to remove.
	ours := pos != nil && pos.Size <= info.Size()
	offset := int64(0)
	if ours {
		offset = pos.Size
	}
	c, err := inspect(f, Columns(s.opt.Extra), offset)
	if err != nil {
		return fail(err)
	}
	foreign := !ours && c.whole < c.size
	if c.size > 0 && (!c.headerFits || foreign) {
		bak, err := setAside(s.path)
		if err != nil {
			return fail(err)
		}
		s.opt.Log.Warn("csv file does not continue, set aside", "path", s.path, "as", bak, "header_fits", c.headerFits)
		if err := f.Close(); err != nil {
			return err
		}
		if f, err = os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644); err != nil {
			return err
		}
		c = content{}
	}
	if pos == nil {
		pos = &position{}
	}
	switch {
	case c.size == 0:
		if c.whole, err = begin(f, s.columns); err != nil {
			return fail(err)
		}
		ours = false
	case c.whole < c.size:
		s.opt.Log.Warn("csv file ends in half a line, cut", "path", s.path, "bytes", c.size-c.whole)
		if err := f.Truncate(c.whole); err != nil {
			return fail(err)
		}
	}
	if err := errors.Join(f.Sync(), syncDir(s.path)); err != nil {
		return fail(err)
	}
	for _, l := range c.last.Rounds {
		pos.note(l.Experiment, l.Number)
	}
	if !ours { // from here on it is
		pos.Size = c.whole
		if err := pos.save(s.posPath()); err != nil {
			return fail(err)
		}
	}
	recent := make(map[string]bool, len(c.recent))
	for _, id := range c.recent {
		recent[id] = true
	}
	s.f, s.pos, s.end, s.recent = f, *pos, c.whole, recent
	return nil
}

// begin writes the header of an empty file and returns its size.
func begin(f *os.File, columns []column) (int64, error) {
	header := appendHeader(nil, columns)
	if _, err := f.WriteAt(header, 0); err != nil {
		return 0, errors.Join(err, f.Truncate(0))
	}
	return int64(len(header)), nil
}

// Write appends the rounds among rows, syncs the file and notes the position. Rounds that are in
// the file already are passed over. A file that was moved or deleted meanwhile is begun again.
func (s *Sink) Write(ctx context.Context, rows []olap.Row) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.reopen(); err != nil {
		return fmt.Errorf("olap/csv: open %s: %w", s.path, err)
	}
	var buf []byte
	next := s.pos
	for i := range rows {
		row := &rows[i]
		switch row.Kind() {
		case olap.KindSummary:
			s.summarize(row)
			continue
		case olap.KindRound:
		default:
			continue
		}
		if row.Spool != "" && row.Spool == s.pos.Spool && row.Seq <= s.pos.Seq || s.recent[row.Round.ID] ||
			next.has(row.Experiment.ID, row.Round.Number) {
			continue
		}
		next.note(row.Experiment.ID, row.Round.Number)
		buf = appendLine(buf, s.columns, row.Round, row.Experiment)
	}
	if n := len(rows); n > 0 && rows[n-1].Spool != "" {
		next.Spool, next.Seq = rows[n-1].Spool, rows[n-1].Seq
	}
	if len(buf) == 0 {
		return nil
	}
	if err := s.append(buf); err != nil {
		return fmt.Errorf("olap/csv: write %s: %w", s.path, err)
	}
	next.Size = s.end + int64(len(buf))
	if err := next.save(s.posPath()); err != nil {
		// Not noted, so not done: the rows come again, and go to the same place.
		return fmt.Errorf("olap/csv: write %s: %w", s.posPath(), errors.Join(err, s.f.Truncate(s.end)))
	}
	s.pos, s.end, s.recent = next, next.Size, nil
	return nil
}

// append writes buf at the end and syncs it; after an error the file ends where it did.
func (s *Sink) append(buf []byte) error {
	_, err := s.f.WriteAt(buf, s.end)
	if err == nil {
		err = s.f.Sync()
	}
	if err != nil {
		return errors.Join(err, s.f.Truncate(s.end))
	}
	return nil
}

// reopen opens the file anew if path is no longer the file that is open.
func (s *Sink) reopen() error {
	if s.f != nil {
		have, err := s.f.Stat()
		if err != nil {
			return err
		}
		now, err := os.Stat(s.path)
		if err == nil && os.SameFile(have, now) {
			return nil
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		s.opt.Log.Warn("csv file was moved, begun again", "path", s.path)
		s.f.Close()
		s.f = nil
	}
	return s.open()
}

// summarize keeps the summary of a domain for Close.
func (s *Sink) summarize(row *olap.Row) {
	elapsed := 0.0
	if e := row.Summary.TotalElapsedSeconds; e != nil {
		elapsed = *e
	}
	s.summaries.Set(row.Summary.DomainID, olap.Status(row.Experiment, row.Summary, elapsed))
}

// Close closes the file and, if summaries were written since Open, replaces NAME.summary.json.
func (s *Sink) Close() error {
	var errs []error
	if s.f != nil {
		errs = append(errs, s.f.Close())
		s.f = nil
	}
	if s.summaries.Len() > 0 {
		now := timestamp.FromMicro(s.opt.Now().UnixMicro()).ISO()
		data := canon.AppendIndent(nil, s.summaries.Clone().Set("finalized_utc", now))
		errs = append(errs, replace(s.path+".summary.json", append(data, '\n')))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("olap/csv: close %s: %w", s.path, err)
	}
	return nil
}
