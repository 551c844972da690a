package number_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"doin.network/node/compute/data/number"
)

var (
	plain  = number.Format{}
	german = number.Format{Decimal: ',', Thousands: '.'}
	us     = number.Format{Decimal: '.', Thousands: ','}
	french = number.Format{Decimal: ',', Thousands: ' '}
	swiss  = number.Format{Decimal: '.', Thousands: '\''}
	code   = number.Format{Thousands: '_'}
)

func TestParse(t *testing.T) {
	f := func(format number.Format, s string, want float64) {
		t.Helper()
		if got, err := format.Parse(s); err != nil || math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("%+v.Parse(%q) = %v, %v, want %v", format, s, got, err, want)
		}
	}
	f(plain, "0", 0)
	f(plain, "-0", math.Copysign(0, -1))
	f(plain, "+5", 5)
	f(plain, "5.", 5)
	f(plain, ".5", 0.5)
	f(plain, "1.234", 1.234)
	f(plain, "-1.5E+3", -1500)
	f(plain, "1e-400", 0)
	f(plain, "0.1000000000000000055511151231257827021181583404541015625", 0.1)
	f(plain, "1e30", 1e30)
	f(plain, " 1.5\t", 1.5)
	f(plain, "\u00a01.5", 1.5)
	f(plain, "\u22121.5", -1.5)
	f(german, "1,5", 1.5)
	f(german, "-,5", -0.5)
	f(german, "1.234", 1234)
	f(german, "1.234.567,25", 1234567.25)
	f(german, "1234,5", 1234.5)
	f(german, "28,98e2", 2898)
	f(us, "1,234", 1234)
	f(us, "+1,234,567.5", 1234567.5)
	f(us, "0.125", 0.125)
	f(french, "1 234,5", 1234.5)
	f(french, "1\u00a0234\u00a0567", 1234567)
	f(french, "\u22121\u202f234,5", -1234.5)
	f(french, "12\u2009345", 12345)
	f(swiss, "1'234.50", 1234.5)
	f(swiss, "1’234’567", 1234567)
	f(code, "1_000_000", 1e6)
}

func TestParseRefuses(t *testing.T) {
	f := func(format number.Format, s, want string) {
		t.Helper()
		if got, err := format.Parse(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v.Parse(%q) = %v, %v, want %q", format, s, got, err, want)
		}
	}
	const not = "not a decimal number"
	f(plain, "", "missing")
	f(plain, "  ", "missing")
	for _, s := range []string{"x", "-", ".", "+.", "1e", "1e+", "e5", "0x10", "Inf", "NaN", "1..2", "1-2", "--1", "1.5.", "1 e5"} {
		f(plain, s, not)
	}
	f(plain, "1e31", "magnitude above 1e+30")
	f(plain, "1e999999999999", "magnitude above 1e+30")
	f(plain, strings.Repeat("1", 65), "longer than 64")
	f(plain, "1,5", `',' between digits: set decimal`)
	f(plain, "1_000", `'_' between digits: set thousands`)
	f(plain, "1 000", `' ' between digits: set thousands`)
	f(plain, "1.234.567", `the decimal mark '.' is not the last one: set decimal or thousands`)
	f(plain, "1,234.5", `',' between digits: set thousands`)
	f(german, "1.5", `'.' must stand between groups of three`)
	f(us, "12,34,567.5", `',' must stand between groups of three`)
	f(us, "0,125", `',' must stand between groups of three`)
	f(us, ",125", `',' must stand between groups of three`)
	f(us, "1,234,5", `',' must stand between groups of three`)
	f(us, "1.234,5", `the decimal mark '.' is not the last one`)
	f(plain, "12 %", "percent signs are not read")
	f(plain, "$5", "currencies are not read")
	f(plain, "5 €", "currencies are not read")
	f(plain, "(5)", "write a minus sign")
}

func TestExact(t *testing.T) {
	f := func(format number.Format, s, digits string, exponent, power int, shifted float64) {
		t.Helper()
		if d, e, err := format.Exact(s); err != nil || d != digits || e != exponent {
			t.Errorf("%+v.Exact(%q) = %q, %d, %v, want %q, %d", format, s, d, e, err, digits, exponent)
		}
		if v, err := format.Shift(s, power); err != nil || math.Float64bits(v) != math.Float64bits(shifted) {
			t.Errorf("%+v.Shift(%q, %d) = %v, %v, want %v", format, s, power, v, err, shifted)
		}
	}
	f(plain, "2710349000000.0", "27103490000000", -1, -12, 2.710349)
	f(plain, "2835203999999.9995", "28352039999999995", -4, -12, 2.8352039999999995)
	f(plain, "-1.5E+3", "-15", 2, 2, -150000)
	f(plain, "+.5", "5", -1, 0, 0.5)
	f(plain, "1e-99999999999999999999", "1", -1000, -3, 0)
	f(plain, "0e99999999999999999999", "0", 1000, 3, 0)
	f(german, "2.835,2039999999995", "28352039999999995", -13, -3, 2.8352039999999995)
}

func TestDetector(t *testing.T) {
	f := func(decimal, thousands, cells string, want number.Format) {
		t.Helper()
		d, err := number.NewDetector(decimal, thousands)
		if err != nil {
			t.Fatal(err)
		}
		list := strings.Split(cells, "|")
		for i, c := range list {
			d.Add(i+2, c)
		}
		got, err := d.Format()
		if err != nil || got != want {
			t.Errorf("NewDetector(%q, %q) of %s: %+v, %v, want %+v", decimal, thousands, cells, got, err, want)
		}
		again, err := number.NewFormat(got.Settings())
		if err != nil || again != got {
			t.Errorf("NewFormat(Settings of %+v) = %+v, %v", got, again, err)
		}
	}
	point := number.Format{Decimal: '.'}
	comma := number.Format{Decimal: ','}
	f("", "", "", point)
	f("", "", "12|x|1.234|31.01.2010", point)
	f("", "", "2710,349|28,98|5,8", comma)
	f("", "", "1,234|0,5", comma)
	f("", "", "0,123", comma)
	f("", "", "1.234|0,5", german)
	f("", "", "1.234.567", german)
	f("", "", "1.234,567", german)
	f("", "", "1,234|0.5", us)
	f("", "", "1,234,567|1.234", us)
	f("", "", "1 234|1,234", french)
	f("", "", "1\u00a0234,5", french)
	f("", "", "1'234.5", swiss)
	f("", "", "1_234", number.Format{Decimal: '.', Thousands: '_'})
	f("", "", "1.2.3|192.168.0.1|12,34,567|1,2,3", point)
	f(",", "", "1,234", comma)
	f("comma", "", "1,234,567", comma) // lists of something
	f(".", "", "1,234", us)
	f(".", "", "1,5|2.5", point)
	f("", "none", "1,234", comma)
	f("", "none", "1.234", point)
	f("", ",", "1,234", us)
	f("", ".", "1,234", german)
	f("", "space", "1,234", french)
	f(",", ".", "1.5", german)
}

func TestDetectorRefuses(t *testing.T) {
	f := func(decimal, thousands, cells string, line int, sentinel error, want string) {
		t.Helper()
		d, err := number.NewDetector(decimal, thousands)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range strings.Split(cells, "|") {
			d.Add(i+2, c)
		}
		got, err := d.Format()
		var cell *number.CellError
		if !errors.As(err, &cell) || cell.Line != line || !errors.Is(err, sentinel) || err.Error() != want {
			t.Errorf("NewDetector(%q, %q) of %s: %+v, %v (%+v), want line %d, %q", decimal, thousands, cells, got, err, cell, line, want)
		}
	}
	f("", "", "7|1,234|5,678", 3, number.ErrAmbiguous, `"1,234": may be 1234 or 1.234, and no cell decides: set decimal to "," or "."`)
	f("", "", "1.234|1,234", 3, number.ErrAmbiguous, `"1,234": may be 1234 or 1.234, and no cell decides: set decimal to "," or "."`)
	f("", "", "1.5|1,5", 3, number.ErrContradiction, `"1,5": its marks are not those of "1.5" in line 2: set decimal`)
	f("", "", "1,5|x|1.5", 4, number.ErrContradiction, `"1.5": its marks are not those of "1,5" in line 2: set decimal`)
	f("", "", "1 234|1'234", 3, number.ErrContradiction, `"1'234": its marks are not those of "1 234" in line 2: set thousands`)
	f("", "", "1.5|1.234.567", 3, number.ErrContradiction, `"1.234.567": its marks are not those of "1.5" in line 2: set thousands`)
	f("", "", "1 234.5|1,234", 3, number.ErrContradiction, `"1,234": its marks are not those of "1 234.5" in line 2: set thousands`)
	f("", "none", "1,234|1.234", 2, number.ErrAmbiguous, `"1,234": may be 1234 or 1.234, and no cell decides: set decimal to "," or "."`)
	g := func(decimal, thousands, want string) {
		t.Helper()
		if d, err := number.NewDetector(decimal, thousands); d != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewDetector(%q, %q) = %v, %v, want %q", decimal, thousands, d, err, want)
		}
	}
	g(";", "", `decimal ";": must be one of ".", ","`)
	g("", "x", `thousands "x": must be one of "none"`)
	g(",", ",", "decimal and thousands are both")
}

// Plain texts are what strconv makes of them; those of other formats what it makes of their plain form, which is exact.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.5", "-1,234.5e-3", "1.234.567,8", "1\u202f234", "\u22125", "1e400", ".", "0x1p3", "1_0", "'1", "+1'234,5"} {
		f.Add(s)
	}
	formats := []number.Format{plain, german, us, french, swiss, code}
	f.Fuzz(func(t *testing.T, s string) {
		for _, format := range formats {
			v, err := format.Parse(s)
			if checked, err2 := format.Check(s); fmt.Sprint(err) != fmt.Sprint(err2) || err != nil && checked != "" {
				t.Fatalf("%+v.Check(%q) = %q, %v, Parse: %v", format, s, checked, err2, err)
			}
			if err != nil {
				continue
			}
			p, err := format.Plain(s)
			if err != nil {
				t.Fatalf("%+v.Plain(%q): %v", format, s, err)
			}
			if want, err := strconv.ParseFloat(p, 64); err != nil || want != v || !(math.Abs(v) <= number.Max) {
				t.Fatalf("%+v.Parse(%q) = %v, want %v of %q, %v", format, s, v, want, p, err)
			}
			digits, exponent, err := format.Exact(s)
			if err != nil {
				t.Fatalf("%+v.Exact(%q): %v", format, s, err)
			}
			exact, ok := new(big.Rat).SetString(digits + "e" + strconv.Itoa(exponent))
			if !ok {
				t.Fatalf("%+v.Exact(%q) = %q, %d", format, s, digits, exponent)
			}
			if near, _ := exact.Float64(); near != v {
				t.Fatalf("%+v.Exact(%q) = %q, %d: %v, want %v", format, s, digits, exponent, near, v)
			}
		}
		if v, err := strconv.ParseFloat(s, 64); err == nil && strings.Trim(s, "0123456789+-.eE") == "" && len(s) <= 64 {
			if got, err := plain.Parse(s); math.Abs(v) <= number.Max && (err != nil || math.Float64bits(got) != math.Float64bits(v)) {
				t.Fatalf("Parse(%q) = %v, %v, want %v", s, got, err, v)
			}
		}
	})
}

// What a detector finds in one cell reads it.
func FuzzDetector(f *testing.F) {
	for _, s := range []string{"1.5", "1,234.5", "1.234.567,8", "1 234", "1,234"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := number.NewDetector("", "")
		if err != nil {
			t.Fatal(err)
		}
		d.Add(1, s)
		format, err := d.Format()
		if err != nil {
			if !errors.Is(err, number.ErrAmbiguous) {
				t.Fatalf("Format of %q: %v", s, err)
			}
			return
		}
		if format == (number.Format{Decimal: '.'}) {
			return // shown, or nothing was
		}
		if v, err := format.Parse(s); err != nil && !strings.Contains(err.Error(), "magnitude") {
			t.Fatalf("%+v.Parse(%q) = %v, %v", format, s, v, err)
		}
	})
}
