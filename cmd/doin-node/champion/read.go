package champion

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
)

// The settings of a domain that hold for any file of it, and the marks of numbers, which another file may write in another way and which
// decide only what that file leaves open.
var (
	fileSettings   = []string{"missing_values", "index_column"}
	numberSettings = []string{"decimal", "thousands"}
)

// readSheet reads a file in any form that the data of a domain may have; "-" is standard input. Numbers are plain in it, but in the
// columns of texts, which hold none. The built-in worker reads the file; where there is only somebody's own, which cannot, the file is
// UTF-8 with commas, semicolons or tabs. What is wrong with the file is an *InputError.
func (s *Source) readSheet(ctx context.Context, d *config.Domain, path string, texts []string) (*sheet, error) {
	r, err := s.reader(ctx, path)
	if err != nil {
		return nil, err
	}
	for _, name := range texts {
		r.args = append(r.args, "--text", name)
	}
	r.set(d, fileSettings)
	text, err := r.read(ctx)
	var unfit *InputError
	if errors.As(err, &unfit) && r.set(d, numberSettings) {
		if again, err2 := r.read(ctx); err2 == nil {
			text, err = again, nil
		}
	}
	switch {
	case errors.Is(err, errNoReader) && path == "-":
		return plainSheet(path, r.stdin)
	case errors.Is(err, errNoReader):
		return readSheet(path)
	case err != nil:
		return nil, err
	}
	return plainSheet(path, text)
}

// plainSheet reads CSV.
func plainSheet(path string, text []byte) (*sheet, error) {
	s, err := parseSheet(text)
	if err != nil {
		return nil, &InputError{fmt.Sprintf("%s: %v", path, err)}
	}
	return s, nil
}

// errNoReader is returned where no worker is there that reads tables.
var errNoReader = errors.New("the worker reads no tables")

// tableReader is the worker's program as a reader of a file.
type tableReader struct {
	program, path string
	stdin         []byte
	args          []string
}

// reader finds the program.
func (s *Source) reader(ctx context.Context, path string) (*tableReader, error) {
	r := &tableReader{path: path}
	if path == "-" {
		text, err := readText(path)
		if err != nil {
			return nil, err
		}
		r.stdin = []byte(text)
	} else if _, err := os.Stat(path); err != nil {
		return nil, &InputError{err.Error()}
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	found, err := worker.FindWorker(ctx, worker.FindOptions{Path: s.Config.Worker.Path, Dir: filepath.Dir(exe), Device: worker.DeviceCPU,
		Logger: slog.New(slog.DiscardHandler)})
	if err == nil { // else it reads nothing
		r.program = found.Path
	}
	return r, nil
}

// set adds those settings that a domain has, and reports whether it has any.
func (r *tableReader) set(d *config.Domain, keys []string) (some bool) {
	if d == nil {
		return false
	}
	for _, key := range keys {
		if v, ok := d.OptimizationConfig.Get(key); ok {
			r.args = append(r.args, "--set", key+"="+string(canon.Default(v)))
			some = true
		}
	}
	return some
}

// read returns the file as plain CSV. A file that cannot be read is an *InputError.
func (r *tableReader) read(ctx context.Context) ([]byte, error) {
	if r.program == "" {
		return nil, errNoReader
	}
	cmd := exec.CommandContext(ctx, r.program, append(append([]string{"table"}, r.args...), "--", r.path)...)
	var failure bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(r.stdin), &failure
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(out, maxSheetBytes+1))
	if len(text) > maxSheetBytes {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, &InputError{fmt.Sprintf("%s: larger than %d MiB", r.path, maxSheetBytes>>20)}
	}
	if err = errors.Join(err, cmd.Wait()); err == nil {
		return text, nil
	}
	why := strings.TrimSpace(failure.String())
	if reason, ok := strings.CutPrefix(why, "doin-worker: table: "); ok {
		return nil, &InputError{reason}
	}
	if strings.Contains(why, "unknown command") || !strings.HasPrefix(why, "doin-worker:") {
		return nil, errNoReader
	}
	return nil, fmt.Errorf("%s: %w: %s", r.program, err, why)
}
