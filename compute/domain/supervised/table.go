package supervised

import (
	"fmt"
	"io"
	"os"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain"
)

// MaxRows bounds what these domains learn from: it is that of a file.
const MaxRows = data.MaxRows

// MaxCases bounds the validation cases of all folds: a claim has sums over them.
const MaxCases = 1 << 20

// ErrData is what every error about the content of a data file wraps.
var ErrData = data.ErrData

// ReadFile makes something of a data file. Errors name the file; they wrap parse's, or domain.ErrConfig and that of the
// file system.
func ReadFile[T any](path string, parse func(r io.Reader) (T, error)) (T, error) {
	f, err := os.Open(path)
	if err != nil {
		var none T
		return none, fmt.Errorf("%w: data: %w", domain.ErrConfig, err)
	}
	defer f.Close()
	out, err := parse(f)
	if err != nil {
		return out, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}
