package text

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// MaxWhole bounds what is held in memory because it cannot be read in one go: a zip archive that is no file.
const MaxWhole = 256 << 20

// Stream is a file without its compression.
type Stream struct {
	*bufio.Reader
	// Compression is "gzip", "zip", "zstd" or "bzip2"; empty: none.
	Compression string
	close       func()
	all         *io.SectionReader // nil: cannot be had but by reading
}

// Close releases the decompressor; r is the caller's.
func (s *Stream) Close() {
	if s.close != nil {
		s.close()
	}
}

// HeadBytes is how much of a stream Peek returns without an error, where there is so much.
const HeadBytes = 4096

// Unpack takes off the compression that the first bytes of r show. More than limit bytes that come out are an error. Archives
// hold one file. all, unless nil, is what r reads, for reading at any place.
func Unpack(r io.Reader, all *io.SectionReader, limit int64) (*Stream, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	head, err := in.Peek(8)
	if err != nil && err != io.EOF {
		return nil, err
	}
	s := new(Stream)
	var out io.Reader = in
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b\x08")):
		s.Compression = "gzip"
		out, err = gzip.NewReader(in)
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		s.Compression = "zstd"
		var d *zstd.Decoder
		if d, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20)); err == nil {
			out, s.close = d, d.Close
		}
	case bytes.HasPrefix(head, []byte("BZh")) && len(head) > 3 && head[3] >= '1' && head[3] <= '9':
		s.Compression = "bzip2"
		out = bzip2.NewReader(in)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		s.Compression = "zip"
		out, err = unzip(in, all)
	default:
		s.all, err = all, nil
	}
	if err != nil {
		return nil, s.fault(err)
	}
	s.limit(out, limit)
	return s, nil
}

// Plain returns a stream of r as it stands, with Unpack's limit.
func Plain(r io.Reader, limit int64) *Stream {
	s := new(Stream)
	s.limit(r, limit)
	return s
}

// limit lets the stream read at most so many bytes of r.
func (s *Stream) limit(r io.Reader, limit int64) {
	s.Reader = bufio.NewReaderSize(&bounded{r: r, left: limit, limit: limit, stream: s}, 1<<16)
}

// fault says that what decompresses has failed.
func (s *Stream) fault(err error) error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return err
	case s.Compression == "":
		return fmt.Errorf("read: %w", err) // never io.ErrUnexpectedEOF itself, which readers take for an end
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fault(0, "", "%s: the file ends in the middle", s.Compression)
	}
	return fault(0, "", "%s: %v", s.Compression, err)
}

// bounded gives at most so many bytes, and makes errors of a decompressor those of the content.
type bounded struct {
	r           io.Reader
	left, limit int64
	stream      *Stream
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, fault(0, "", "more bytes than the limit of %d", b.limit)
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return b.Read(nil)
	}
	if err != nil && err != io.EOF {
		err = b.stream.fault(err)
	}
	return n, err
}

// unzip opens the one file of an archive.
func unzip(in io.Reader, all *io.SectionReader) (io.Reader, error) {
	all, err := whole(in, all)
	if err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(all, all.Size())
	if err != nil {
		return nil, err
	}
	var file *zip.File
	var others []string
	for _, f := range archive.File {
		switch base := path.Base(f.Name); {
		case f.Name == "[Content_Types].xml":
			return nil, fault(0, "", "a workbook of a spreadsheet: save the sheet as CSV")
		case strings.HasSuffix(f.Name, "/"), strings.HasPrefix(f.Name, "__MACOSX/"), strings.HasPrefix(base, "."):
		case file == nil:
			file = f
		default:
			others = append(others, f.Name)
		}
	}
	switch {
	case file == nil:
		return nil, fault(0, "", "zip: no file in the archive")
	case len(others) > 0:
		return nil, fault(0, "", "zip: %d files, among them %.40q and %.40q: must be one", len(others)+1, file.Name, others[0])
	case file.Flags&1 != 0:
		return nil, fault(0, "", "zip: %.40q is encrypted", file.Name)
	}
	out, err := file.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return nil, fault(0, "", "zip: %.40q is compressed by method %d: must be stored or deflated", file.Name, file.Method)
	}
	return out, err
}

// whole returns all, or in its place what r reads, in memory.
func whole(r io.Reader, all *io.SectionReader) (*io.SectionReader, error) {
	if all != nil {
		return all, nil
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxWhole+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxWhole {
		return nil, fault(0, "", "larger than %d bytes, and no file that can be read at any place: unpack it first", MaxWhole)
	}
	return io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data))), nil
}

// Whole is all of a stream of which nothing has been read, for reading at any place.
func (s *Stream) Whole() (*io.SectionReader, error) { return whole(s.Reader, s.all) }
