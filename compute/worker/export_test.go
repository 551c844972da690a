package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
)

// Export implements domain.Exporter: a file of several parts, or a refusal.
func (m *fakeModel) Export(_ context.Context, f domain.Format, facts *canon.Object) ([]byte, error) {
	if f != domain.ONNX {
		return nil, fmt.Errorf("%w: no %s", domain.ErrExport, f)
	}
	return bytes.Repeat(canon.Default(facts), 1+exportPart/10), nil
}

// Inputs implements domain.Asked.
func (d *fakeDomain) Inputs() []*canon.Object {
	return []*canon.Object{canon.NewObject("name", "q", "kind", "number")}
}

func TestExport(t *testing.T) {
	limits := quick()
	limits.FrameBytes = 32 << 20
	for _, mode := range []string{"good", "lines"} {
		s := start(t, mode, limits)
		if _, err := s.Configure(within(t), "d", "fake", canon.NewObject()); err != nil {
			t.Fatal(err)
		}
		r := Recipe{x(2, ""), []uint64{1}}
		facts := canon.NewObject("key", "a")
		data, err := s.Export(within(t), "d", r, domain.ONNX, facts)
		if want := bytes.Repeat(canon.Default(facts), 1+exportPart/10); err != nil || !bytes.Equal(data, want) {
			t.Errorf("%s: Export = %d bytes, %v, want %d", mode, len(data), err, len(want))
		}
		if _, err := s.Export(within(t), "d", r, "pickle", nil); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: Export of another format = %v, want ErrRefused", mode, err)
		}
		if _, err := s.Export(within(t), "d", Recipe{Parameters: x(2, "")}, domain.ONNX, nil); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: Export without a seed = %v, want ErrRefused", mode, err)
		}
		if _, err := s.Export(within(t), "none", r, domain.ONNX, nil); !errors.Is(err, ErrUnknownDomain) {
			t.Errorf("%s: Export of an unknown domain = %v", mode, err)
		}
		inputs, err := s.Inputs(within(t), "d")
		if err != nil || len(inputs) != 1 || string(canon.Default(inputs[0])) != `{"name": "q", "kind": "number"}` {
			t.Errorf("%s: Inputs = %v, %v", mode, inputs, err)
		}
	}
}
