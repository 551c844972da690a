package prior

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// Bounds of a file.
const (
	MaxFileBytes = 16 << 20
	MaxFamilies  = 64
	MaxColumns   = 256
	MaxNetworks  = 4
	MaxName      = 256
	// MaxFamilyBytes bounds a file of one family: what a request to a worker may hold.
	MaxFamilyBytes = 640 << 10
)

// Hidden is the width of both hidden layers of a family's networks.
const Hidden = 64

const magic = "doin prior 1\n"

// ErrFormat is wrapped by what Decode returns for bytes that are no prior of this version.
var ErrFormat = errors.New("prior: not a prior file of this version")

// Column is one input: a number on its unit scale, or one choice of a category.
type Column struct {
	Name string `json:"name"`
	// Choice is the text that the column marks; empty: the column is a number.
	Choice string `json:"choice,omitempty"`
	// Low and High are the ends of the unit scale of a number.
	Low  float64 `json:"low,omitempty"`
	High float64 `json:"high,omitempty"`
	// Log says that the scale is logarithmic; Low is positive then.
	Log bool `json:"log,omitempty"`
}

// Evidence is what leaving tasks out said of a family.
type Evidence struct {
	// Tau is the mean of Kendall's τ between prediction and truth over tasks that were left out; 0 where they were too few.
	Tau     float64 `json:"tau"`
	Tasks   int     `json:"tasks"`
	Rows    int     `json:"rows"`
	Authors int     `json:"authors"`
	// On says that a search may use the family.
	On bool `json:"on"`
}

// Family is the networks of one kind of domain.
type Family struct {
	Name     string   `json:"name"`
	Columns  []Column `json:"columns"`
	Evidence Evidence `json:"evidence"`
	// Count is how many networks there are.
	Count int `json:"networks"`
	// Weights are those of each network: 2·len(Columns) + 1 inputs, two hidden layers of Hidden, one output; layer by layer,
	// [in][out] and the bias behind.
	Weights [][]float32 `json:"-"`
}

// File is what a network has learned.
type File struct {
	Families []Family `json:"families"`
}

// Parameters returns how many weights a network over so many columns has.
func Parameters(columns int) int {
	inputs := 2*columns + 1
	return (inputs+1)*Hidden + (Hidden+1)*Hidden + Hidden + 1
}

// Digest names networks: SHA-256 of the numbers of their columns and features of tasks and of all weights as little-endian IEEE bits.
func Digest(columns, features int, weights [][]float32) [32]byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(columns))
	b = binary.LittleEndian.AppendUint32(b, uint32(features))
	for _, w := range weights {
		b = appendWeights(b, w)
	}
	return sha256.Sum256(b)
}

// Digest names the family's networks.
func (f *Family) Digest() [32]byte { return Digest(len(f.Columns), 0, f.Weights) }

func appendWeights(b []byte, w []float32) []byte {
	for _, v := range w {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// Validate reports why f cannot be used; nil: it can.
func (f *File) Validate() error {
	if len(f.Families) > MaxFamilies {
		return fmt.Errorf("%d families: must be at most %d", len(f.Families), MaxFamilies)
	}
	seen := map[string]bool{}
	for i := range f.Families {
		a := &f.Families[i]
		if seen[a.Name] {
			return fmt.Errorf("family %.80q: given twice", a.Name)
		}
		seen[a.Name] = true
		if err := a.validate(); err != nil {
			return fmt.Errorf("family %.80q: %w", a.Name, err)
		}
	}
	return nil
}

func (f *Family) validate() error {
	if f.Name == "" || len(f.Name) > MaxName {
		return fmt.Errorf("name: must have 1 to %d bytes", MaxName)
	}
	if n := len(f.Columns); n == 0 || n > MaxColumns {
		return fmt.Errorf("%d columns: must be 1 to %d", n, MaxColumns)
	}
	if f.Count != len(f.Weights) || f.Count < 1 || f.Count > MaxNetworks {
		return fmt.Errorf("%d networks: must be 1 to %d", f.Count, MaxNetworks)
	}
	for i := range f.Columns {
		if err := f.Columns[i].validate(); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	e := &f.Evidence
	if !(math.Abs(e.Tau) <= 1) || e.Tasks < 0 || e.Rows < 0 || e.Authors < 0 {
		return fmt.Errorf("evidence: τ %v of %d tasks, %d rows, %d authors", e.Tau, e.Tasks, e.Rows, e.Authors)
	}
	for i, w := range f.Weights {
		if len(w) != Parameters(len(f.Columns)) {
			return fmt.Errorf("network %d: %d weights, must be %d", i, len(w), Parameters(len(f.Columns)))
		}
		for _, v := range w {
			if v-v != 0 {
				return fmt.Errorf("network %d: a weight that is not finite", i)
			}
		}
	}
	return nil
}

func (c *Column) validate() error {
	switch {
	case c.Name == "" || len(c.Name) > MaxName || len(c.Choice) > MaxName:
		return fmt.Errorf("name: must have 1 to %d bytes", MaxName)
	case c.Choice != "" && (c.Low != 0 || c.High != 0 || c.Log):
		return errors.New("a choice has no scale")
	case c.Low-c.Low != 0 || c.High-c.High != 0 || !(c.High-c.Low >= 0) || math.IsInf(c.High-c.Low, 0):
		return fmt.Errorf("scale [%v, %v]: must be finite", c.Low, c.High)
	case c.Log && !(c.Low > 0):
		return fmt.Errorf("scale [%v, %v]: a logarithmic one must be positive", c.Low, c.High)
	}
	return nil
}

// Only returns a file of the family of a name; ok is false where there is none.
func (f *File) Only(family string) (out File, ok bool) {
	for i := range f.Families {
		if f.Families[i].Name == family {
			return File{Families: f.Families[i : i+1 : i+1]}, true
		}
	}
	return out, false
}

// Encode returns the file's bytes. It panics for a file that Validate refuses.
func (f *File) Encode() []byte {
	if err := f.Validate(); err != nil {
		panic(err)
	}
	head, err := json.Marshal(f)
	if err != nil {
		panic(err) // numbers are finite
	}
	out := append([]byte(magic), make([]byte, sha256.Size)...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(head)))
	out = append(out, head...)
	for i := range f.Families {
		for _, w := range f.Families[i].Weights {
			out = appendWeights(out, w)
		}
	}
	sum := sha256.Sum256(out[len(magic)+sha256.Size:])
	copy(out[len(magic):], sum[:])
	return out
}

// Decode is the inverse of Encode. An error wraps ErrFormat. It keeps nothing of data.
func Decode(data []byte) (*File, error) {
	bad := func(format string, args ...any) (*File, error) {
		return nil, fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)
	}
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok || len(rest) < sha256.Size+4 || len(data) > MaxFileBytes {
		return bad("%d bytes that do not begin with %q", len(data), magic)
	}
	sum, body := rest[:sha256.Size], rest[sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(sum, want[:]) {
		return bad("the checksum is another one: the file is damaged")
	}
	n := int64(binary.LittleEndian.Uint32(body))
	if body = body[4:]; n > int64(len(body)) {
		return bad("a head of %d bytes in %d", n, len(body))
	}
	f := &File{}
	if err := json.Unmarshal(body[:n], f); err != nil {
		return bad("head: %w", err)
	}
	body = body[n:]
	for i := range f.Families {
		a := &f.Families[i]
		if a.Count < 0 || a.Count > MaxNetworks || len(a.Columns) > MaxColumns {
			return bad("family %.80q: %d networks over %d columns", a.Name, a.Count, len(a.Columns))
		}
		for range a.Count {
			size := 4 * Parameters(len(a.Columns))
			if len(body) < size {
				return bad("family %.80q: it ends within the weights", a.Name)
			}
			w := make([]float32, size/4)
			for j := range w {
				w[j] = math.Float32frombits(binary.LittleEndian.Uint32(body[4*j:]))
			}
			a.Weights, body = append(a.Weights, w), body[size:]
		}
	}
	if len(body) != 0 {
		return bad("%d bytes behind the weights", len(body))
	}
	if err := f.Validate(); err != nil {
		return bad("%w", err)
	}
	return f, nil
}
