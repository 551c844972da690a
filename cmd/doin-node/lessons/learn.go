package lessons

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"doin.network/node/compute/worker"
	"doin.network/node/ga/prior"
)

// Learn has the worker program at path, empty: the one beside this program or on PATH, make a prior of trials.
func Learn(ctx context.Context, path string, trials []prior.Trial) (*prior.File, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	found, err := worker.FindWorker(ctx, worker.FindOptions{Path: path, Dir: filepath.Dir(exe), Device: worker.DeviceCPU,
		Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	var in, out, failure bytes.Buffer
	if err := prior.WriteTrials(&in, trials); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, found.Path, "learn")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &failure
	if err := cmd.Run(); err != nil {
		if text := strings.TrimSpace(failure.String()); text != "" {
			return nil, errors.New(strings.TrimPrefix(text, "doin-worker: "))
		}
		return nil, fmt.Errorf("%s learn: %w", found.Path, err)
	}
	return prior.Decode(out.Bytes())
}

// Write puts a file's bytes under a name in a data directory's folder: after a crash it is the old one or the new one.
func Write(dir, name string, data []byte) (path string, err error) {
	folder := filepath.Join(dir, Folder)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	path = filepath.Join(folder, name)
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		return "", err
	}
	return path, os.Rename(path+".new", path)
}

// Read returns the prior in a file.
func Read(path string) (*prior.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > prior.MaxFileBytes {
		return nil, fmt.Errorf("%s: %d bytes, at most %d", path, info.Size(), prior.MaxFileBytes)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := prior.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}
