package domain

import (
	"context"
	"errors"

	"doin.network/node/internal/canon"
)

// ErrExport is returned (wrapped, with the reason) by Export for a format that the model cannot be written in.
var ErrExport = errors.New("domain: export")

// Format is a kind of file.
type Format string

// The formats.
const (
	ONNX        Format = "onnx"        // what answers, from the units of the file to the units of the file
	Safetensors Format = "safetensors" // the numbers that the model consists of
	Evidence    Format = "evidence"    // JSON: what the model and the baselines say of the test cases, in the units of the file
)

// Exporter is a Model that can leave as a file. It answers then without this program, or lets others look into it.
type Exporter interface {
	// Export returns the file. facts go with it, texts by name. An error wraps ErrExport where the format cannot hold the model, or
	// is ctx's.
	Export(ctx context.Context, f Format, facts *canon.Object) ([]byte, error)
}

// Asked is a Domain that says what a question has to have.
type Asked interface {
	// Inputs returns what a question names, each {"name", "kind": "number" | "category" | "series", "categories"?: […]}.
	Inputs() []*canon.Object
}
