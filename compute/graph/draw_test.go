package graph

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestDrawing draws a model: the picture is well-formed, and dot and SVG show every learnable once.
func TestDrawing(t *testing.T) {
	for n := range uint32(8) {
		m := built(t, randomConfig(n), 1)
		dot, svg := m.Dot(), m.SVG("a <model>")
		if got := strings.Count(dot, "shape=box"); got != len(m.Parameters) {
			t.Errorf("Dot() has %d learnables, want %d", got, len(m.Parameters))
		}
		if got := strings.Count(svg, `fill="#cde"`); got != len(m.Parameters) {
			t.Errorf("SVG() has %d learnables, want %d", got, len(m.Parameters))
		}
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("SVG() is not well-formed: %v", err)
			}
		}
	}
}
