//go:build amd64 && !purego

package vec

// blocking is how an implementation cuts a product: into panels of up to len(rows)−1 vectors of columns, these into
// register tiles of up to rows[vectors] rows, and the terms into runs whose rows of b stay in the first-level cache.
type blocking struct {
	isa   ISA
	width int
	rows  []int
}

var (
	gemmAVX512 = blocking{AVX512, 16, []int{0, 16, 12, 8, 6}}
	gemmAVX2   = blocking{AVX2, 8, []int{0, 12, 6}}
)

const (
	panelBytes = 16 << 10 // of b that one run of terms touches in a panel
	stripMost  = 4        // columns that the kernels across rows can do
)

// zeros is the row that a product without a bias starts from, as wide as the widest panel.
var zeros [64]float32

// product is Gemm, from c or, if fresh, from a row that all rows start from: bias, or zeros where that is nil.
func (g *blocking) product(c []float32, ldc int, bias []float32, fresh bool, a []float32, ars, acs int, b []float32, ldb, m, n, k int) {
	few := ars == 1 && n < 8 && m > n || acs == 1 && n <= stripMost && m >= g.width && k >= 4
	if few && fresh {
		startRows(c, ldc, bias, m, n)
	}
	switch {
	case ars == 1 && n < 8 && m > n:
		g.turned(c, ldc, a, acs, b, ldb, m, n, k)
	case acs == 1 && n <= stripMost && m >= g.width && k >= 4:
		g.across(c, ldc, a, ars, b, ldb, m, n, k)
	default:
		g.panels(c, ldc, bias, fresh, a, ars, acs, b, ldb, m, n, k)
	}
}

// byPanels reports whether product vectorizes over columns.
func (g *blocking) byPanels(ars, acs, m, n, k int) bool {
	return !(ars == 1 && n < 8 && m > n || acs == 1 && n <= stripMost && m >= g.width && k >= 4)
}

// panels vectorizes over columns.
func (g *blocking) panels(c []float32, ldc int, bias []float32, fresh bool, a []float32, ars, acs int, b []float32, ldb, m, n, k int) {
	vectors := (n + g.width - 1) / g.width
	most := len(g.rows) - 1
	count := (vectors + most - 1) / most
	run := max(16, panelBytes/(4*g.width*min(vectors, most)))
	for t := 0; t < k; t += run {
		terms := min(run, k-t)
		j := 0
		for p := range count {
			v := (vectors*(p+1))/count - (vectors*p)/count
			last := min(g.width, n-j-(v-1)*g.width)
			tiles := (m + g.rows[v] - 1) / g.rows[v]
			rows := (m + tiles - 1) / tiles
			short := tiles*rows - m // tiles with a row less
			full := tiles - short
			start, lds := &c[j], ldc
			if t == 0 && fresh {
				start, lds = &zeros[0], 0
				if bias != nil {
					start = &bias[j]
				}
			}
			g.panel(v, last, &c[j], ldc, start, lds, &a[t*acs], ars, acs, &b[t*ldb+j], ldb, terms, rows, full)
			if short > 0 {
				done := full * rows
				if lds != 0 {
					start = &c[done*ldc+j]
				}
				g.panel(v, last, &c[done*ldc+j], ldc, start, lds, &a[done*ars+t*acs], ars, acs, &b[t*ldb+j], ldb, terms, rows-1, short)
			}
			j += v * g.width
		}
	}
}

// across vectorizes over rows for few columns, a's rows being contiguous.
func (g *blocking) across(c []float32, ldc int, a []float32, ars int, b []float32, ldb, m, n, k int) {
	quads := k / 4
	whole := m - m%g.width
	for i := 0; i < whole; {
		span := g.width
		if g.width == 16 && i+2*span <= whole {
			span *= 2
		}
		if n == 1 && ldc == 1 {
			g.strip(1, span, &c[i], 0, &a[i*ars], ars, &b[0], ldb, quads)
			i += span
			continue
		}
		var column [stripMost * 32]float32
		for r := range span {
			for j, v := range c[(i+r)*ldc:][:n] {
				column[j*span+r] = v
			}
		}
		g.strip(n, span, &column[0], span, &a[i*ars], ars, &b[0], ldb, quads)
		for r := range span {
			for j := range c[(i+r)*ldc:][:n] {
				c[(i+r)*ldc+j] = column[j*span+r]
			}
		}
		i += span
	}
	if t := 4 * quads; t < k {
		g.panels(c, ldc, nil, false, a[t:], ars, 1, b[t*ldb:], ldb, whole, n, k-t)
	}
	if whole < m {
		g.panels(c[whole*ldc:], ldc, nil, false, a[whole*ars:], ars, 1, b, ldb, m-whole, n, k)
	}
}

// turned vectorizes over rows for few columns, a's columns being contiguous: it computes the transposed product.
func (g *blocking) turned(c []float32, ldc int, a []float32, acs int, b []float32, ldb, m, n, k int) {
	if n == 1 && ldc == 1 {
		g.panels(c, m, nil, false, b, 1, ldb, a, acs, 1, m, k)
		return
	}
	const span = 64
	for i := 0; i < m; i += span {
		var t [8 * span]float32
		rows := min(span, m-i)
		for r := range rows {
			for j, v := range c[(i+r)*ldc:][:n] {
				t[j*span+r] = v
			}
		}
		g.panels(t[:], span, nil, false, b, 1, ldb, a[i:], acs, n, rows, k)
		for r := range rows {
			for j := range c[(i+r)*ldc:][:n] {
				c[(i+r)*ldc+j] = t[j*span+r]
			}
		}
	}
}

// panel calls the kernel of a panel of so many vectors, the last with so many columns.
func (g *blocking) panel(vectors, last int, c *float32, ldc int, start *float32, lds int, a *float32, ars, acs int, b *float32, ldb, k, rows, tiles int) {
	if g.width == 8 {
		switch {
		case vectors == 1 && last == 8:
			gemm1AVX2(c, ldc, start, lds, a, ars, acs, b, ldb, k, rows, tiles)
		case vectors == 1:
			gemm1TailAVX2(c, ldc, start, lds, a, ars, acs, b, ldb, k, rows, tiles, last)
		case last == 8:
			gemm2AVX2(c, ldc, start, lds, a, ars, acs, b, ldb, k, rows, tiles)
		default:
			gemm2TailAVX2(c, ldc, start, lds, a, ars, acs, b, ldb, k, rows, tiles, last)
		}
		return
	}
	if last == 16 {
		switch vectors {
		case 1:
			gemm1AVX512(c, ldc, start, lds, a, ars, acs, b, ldb, k, rows, tiles)
		case 2:
			gemm2AVX512(c, ldc, start, lds, a, ars, acs, b, ldb, k, rows, tiles)
		case 3:
			gemm3AVX512(c, ldc, start, lds, a, ars, acs, b, ldb, k, rows, tiles)
		default:
			gemm4AVX512(c, ldc, start, lds, a, ars, acs, b, ldb, k, rows, tiles)
		}
		return
	}
	switch vectors {
	case 1:
		gemm1TailAVX512(c, ldc, start, lds, a, ars, acs, b, ldb, k, rows, tiles, last)
	case 2:
		gemm2TailAVX512(c, ldc, start, lds, a, ars, acs, b, ldb, k, rows, tiles, last)
	case 3:
		gemm3TailAVX512(c, ldc, start, lds, a, ars, acs, b, ldb, k, rows, tiles, last)
	default:
		gemm4TailAVX512(c, ldc, start, lds, a, ars, acs, b, ldb, k, rows, tiles, last)
	}
}

// strip calls the kernel across so many rows for so many columns.
func (g *blocking) strip(columns, rows int, c *float32, ldc int, a *float32, ars int, b *float32, ldb, quads int) {
	if g.width == 8 {
		switch {
		case columns == 1 && rows == 8:
			gemmRows1x1AVX2(c, ldc, a, ars, b, ldb, quads)
		case columns == 2 && rows == 8:
			gemmRows1x2AVX2(c, ldc, a, ars, b, ldb, quads)
		case columns == 3 && rows == 8:
			gemmRows1x3AVX2(c, ldc, a, ars, b, ldb, quads)
		case columns == 4 && rows == 8:
			gemmRows1x4AVX2(c, ldc, a, ars, b, ldb, quads)
		}
		return
	}
	switch {
	case columns == 1 && rows == 16:
		gemmRows1x1AVX512(c, ldc, a, ars, b, ldb, quads)
	case columns == 2 && rows == 16:
		gemmRows1x2AVX512(c, ldc, a, ars, b, ldb, quads)
	case columns == 3 && rows == 16:
		gemmRows1x3AVX512(c, ldc, a, ars, b, ldb, quads)
	case columns == 4 && rows == 16:
		gemmRows1x4AVX512(c, ldc, a, ars, b, ldb, quads)
	case columns == 1 && rows == 32:
		gemmRows2x1AVX512(c, ldc, a, ars, b, ldb, quads)
	case columns == 2 && rows == 32:
		gemmRows2x2AVX512(c, ldc, a, ars, b, ldb, quads)
	case columns == 3 && rows == 32:
		gemmRows2x3AVX512(c, ldc, a, ars, b, ldb, quads)
	case columns == 4 && rows == 32:
		gemmRows2x4AVX512(c, ldc, a, ars, b, ldb, quads)
	}
}

func transpose16(t []float32, ldt int, a []float32, lda, rows, columns int) {
	transposeStrips(16, t, ldt, a, lda, rows, columns)
}

func transpose8(t []float32, ldt int, a []float32, lda, rows, columns int) {
	transposeStrips(8, t, ldt, a, lda, rows, columns)
}

// transposeStrips does whole strips of rows and multiples of four columns in assembly, the rest one by one.
func transposeStrips(width int, t []float32, ldt int, a []float32, lda, rows, columns int) {
	quads := columns / 4
	whole := rows - rows%width
	if quads > 0 {
		for r := 0; r < whole; r += width {
			if width == 16 {
				transposeAVX512(&t[r], ldt, &a[r*lda], lda, quads)
			} else {
				transposeAVX2(&t[r], ldt, &a[r*lda], lda, quads)
			}
		}
	}
	if done := 4 * quads; whole > 0 && done < columns {
		transposeNaive(t[done*ldt:], ldt, a[done:], lda, whole, columns-done)
	}
	if whole < rows && columns > 0 {
		transposeNaive(t[whole:], ldt, a[whole*lda:], lda, rows-whole, columns)
	}
}
