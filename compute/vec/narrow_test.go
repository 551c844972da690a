package vec

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// checkNarrow compares a product of random form, with absent taps and any strides, with its definition in words.
func checkNarrow(t *testing.T, k *Kernels, r *rand.Rand, rows, columns, terms int, special bool) {
	t.Helper()
	p := Narrow{Rows: rows, Columns: columns, Taps: 1, Terms: terms, CRow: columns + r.IntN(3)}
	gap := r.IntN(3)
	p.ARow = terms + gap
	if r.IntN(2) == 0 {
		p.Taps = 1 + r.IntN(5)
		p.First = r.IntN(p.Taps + 1)
		p.ARow = 1 + r.IntN(2*terms)
		p.ATap = r.IntN(3*terms) - terms
		if r.IntN(3) == 0 {
			p.ATap = terms
		}
	}
	p.BTerm, p.BColumn = columns+r.IntN(2), 1
	if r.IntN(2) == 0 {
		p.BTerm, p.BColumn = 1, terms+r.IntN(3)
	}
	p.BTap = max(terms*p.BTerm, columns*p.BColumn) + r.IntN(3)
	first, last := p.First*p.ATap, (p.Taps-1)*p.ATap
	p.A = -min(first, last)
	a := draw(r, p.A+max(first, last)+(rows-1)*p.ARow+terms, special)
	b := draw(r, (p.Taps-1)*p.BTap+(terms-1)*p.BTerm+(columns-1)*p.BColumn+1, special)
	c := draw(r, (rows-1)*p.CRow+columns, special)
	var bias []float32
	if r.IntN(2) == 0 {
		bias = draw(r, columns, special)
	}
	want := append([]float32(nil), c...)
	for i := range rows {
		for j := range columns {
			var chain [4]float32
			if bias != nil {
				chain[0] = bias[j]
			}
			for n := p.First * terms; n < p.Taps*terms; n++ {
				tap, term := n/terms, n%terms
				chain[n%4] = FMA32(a[p.A+i*p.ARow+tap*p.ATap+term], b[tap*p.BTap+term*p.BTerm+j*p.BColumn], chain[n%4])
			}
			want[i*p.CRow+j] = (chain[0] + chain[1]) + (chain[2] + chain[3])
		}
	}
	ga, gb, gc := guard32(r, a), guard32(r, b), guard32(r, c)
	k.Narrow(p, gc.x, bias, ga.x, gb.x)
	name := fmt.Sprintf("Narrow %+v bias %v", p, bias != nil)
	compare(t, name, gc.x, want)
	gc.check(t, name)
	compare(t, name+" a", ga.x, a)
	compare(t, name+" b", gb.x, b)
}

func TestNarrow(t *testing.T) {
	for _, isa := range Supported() {
		t.Run(string(isa), func(t *testing.T) {
			k, err := For(isa)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(31, 32))
			for columns := 1; columns < NarrowColumns; columns++ {
				for _, rows := range edges(testing.Short())[1:] {
					for range 4 {
						checkNarrow(t, k, r, rows, columns, 1+r.IntN(40), r.IntN(2) == 0)
					}
				}
				for _, terms := range []int{63, 64, 65, 127, 128, 129, 255, 256, 257, 260, 1023, 1025, 2050} {
					checkNarrow(t, k, r, 1+r.IntN(35), columns, terms, r.IntN(2) == 0)
				}
			}
		})
	}
}

func FuzzNarrow(f *testing.F) {
	f.Add(uint64(1), uint8(6), uint8(3), uint16(9))
	f.Add(uint64(2), uint8(33), uint8(0), uint16(517))
	f.Fuzz(func(t *testing.T, seed uint64, rows, columns uint8, terms uint16) {
		r := rand.New(rand.NewPCG(seed, 2))
		for _, isa := range Supported() {
			k, err := For(isa)
			if err != nil {
				t.Fatal(err)
			}
			checkNarrow(t, k, r, 1+int(rows), 1+int(columns)%(NarrowColumns-1), 1+int(terms)%2500, seed%2 == 0)
		}
	})
}

// TestNarrowRefuses: what does not fit panics before anything is written.
func TestNarrowRefuses(t *testing.T) {
	good := narrowDense(2, 3, 4, 3, 1)
	for name, f := range map[string]func(p *Narrow){
		"columns": func(p *Narrow) { p.Columns = NarrowColumns; p.CRow = NarrowColumns },
		"a":       func(p *Narrow) { p.ARow++ },
		"before":  func(p *Narrow) { p.A-- },
		"b":       func(p *Narrow) { p.BTerm++ },
		"c":       func(p *Narrow) { p.CRow++ },
		"overlap": func(p *Narrow) { p.CRow = 2 },
	} {
		for _, isa := range Supported() {
			k, err := For(isa)
			if err != nil {
				t.Fatal(err)
			}
			p, c := good, make([]float32, 6)
			f(&p)
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: Narrow with a wrong %s does not panic", isa, name)
					}
				}()
				k.Narrow(p, c, []float32{1, 1, 1, 1, 1, 1, 1, 1}, make([]float32, 8), make([]float32, 12))
			}()
			if !sameFloat(c[0], 0) {
				t.Errorf("%s: Narrow with a wrong %s writes", isa, name)
			}
		}
	}
}
