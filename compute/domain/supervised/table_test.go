package supervised_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
)

func grid(r io.Reader) (*data.Grid, error) { return data.ReadFrom(r, data.Options{}, nil) }

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.csv")
	if err := os.WriteFile(path, []byte("a,b\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := supervised.ReadFile(path, grid)
	if !errors.Is(err, supervised.ErrData) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v, want ErrData with the path and line 2", err)
	}
	if _, err := supervised.ReadFile(path+".none", grid); !errors.Is(err, os.ErrNotExist) || !errors.Is(err, domain.ErrConfig) {
		t.Errorf("missing file: error %v", err)
	}
}
