package data

import "io"

// reportBytes is how much is read between two reports of progress.
const reportBytes = 4 << 20

// counter counts what is read of a file.
type counter struct {
	r                  io.Reader
	all                *io.SectionReader // nil: r cannot be read at any place
	done, total, tells int64
	report             func(done, total int64)
}

func newCounter(r io.Reader, report func(done, total int64)) *counter {
	c := &counter{r: r, total: -1, report: report}
	if f, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	}); ok {
		if size, err := f.Seek(0, io.SeekEnd); err == nil {
			if _, err := f.Seek(0, io.SeekStart); err == nil {
				c.all, c.total = io.NewSectionReader(&counterAt{c, f}, 0, size), size
			}
		}
	}
	return c
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.count(n)
	return n, err
}

func (c *counter) count(n int) {
	c.done += int64(n)
	if c.report != nil && c.done >= c.tells {
		c.tells = c.done + reportBytes
		c.report(c.done, c.total)
	}
}

// end reports that all has been read.
func (c *counter) end() {
	if c.report != nil {
		c.report(c.done, c.total)
	}
}

// counterAt counts what is read at some place.
type counterAt struct {
	c *counter
	r io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (c *counterAt) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.r.ReadAt(p, at)
	c.c.count(n)
	return n, err
}
