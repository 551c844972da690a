package tabular

import (
	"errors"
	"math"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/internal/canon"
)

func object(t testing.TB, text string) *canon.Object {
	t.Helper()
	o, err := canon.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func infer(t *testing.T, m domain.Model, rows string) []float64 {
	t.Helper()
	out, err := m.Infer(t.Context(), object(t, `{"rows": [`+rows+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	v, _ := out.Get("predictions")
	values, err := domain.Reals(v, MaxInferRows)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestInferRegression(t *testing.T) {
	d := mustDomain(t, houses(200), Regression, nil)
	m := domaintest.Claim(t, d, fixed(d.config.Space), 1, 2)
	got := infer(t, m, `{"area": 100, "rooms": 3, "town": "Rom"}, {"area": "1e2", "rooms": "3", "town": "Rom"},
		{"area": 150.0, "rooms": 3, "town": "Rom"}, {"area": 100, "rooms": 3, "town": "Turin"},
		{"area": 100, "town": "Rom"}, {"area": 100, "rooms": null, "town": "Rom"}, {"area": 100, "rooms": "?", "town": "Rom"},
		{"area": 100, "rooms": 3}, {"area": 100, "rooms": 3, "town": "Oslo"}, {}`)
	domaintest.Near(t, "price", got[0], 162500, 25000)
	if got[1] != got[0] {
		t.Errorf("prices of a number %v and of its text %v", got[0], got[1])
	}
	domaintest.Near(t, "larger", got[2]-got[0], 50000, 15000)
	domaintest.Near(t, "elsewhere", got[3]-got[0], 100000, 25000)
	if got[4] != got[5] || got[4] != got[6] {
		t.Errorf("missing rooms: %v", got[4:7])
	}
	if got[7] == got[8] {
		t.Error("an unknown town is a missing one although training has missing ones")
	}
	naive := infer(t, d.Naive(), `{"area": 100}, {}`)
	best := middle
	if mustFloat(t, d, "val_mean_mae") < mustFloat(t, d, "val_median_mae") {
		best = average
	}
	domaintest.Near(t, "baseline", naive[0], supervised.Shift(d.data.scale.From(float64(best(d.data.learn, d.data.trainingRows(4))[0])), 5), 0)
}

// What is asked for the rows of the test is what the metrics say of them.
func TestInferAsMeasured(t *testing.T) {
	table := houses(100)
	d := mustDomain(t, table, Regression, quick)
	m := domaintest.Claim(t, d, fixed(d.config.Space), 1, 2)
	c := d.config
	parts, err := table.split(&c)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, row := range parts.test {
		o := canon.NewObject()
		for _, column := range table.inputs {
			switch {
			case column.isMissing(row):
			case column.kind == numeric:
				o.Set(column.name, column.number(row))
			default:
				o.Set(column.name, column.labels[column.codes[row]])
			}
		}
		sum += math.Abs(infer(t, m, string(canon.Default(o)))[0] - table.target.number(row))
	}
	mae := domaintest.Metric(t, m, "test_mae")
	domaintest.Near(t, "test error", sum/float64(len(parts.test)), mae, 1e-5*mae)
}

func TestInferNaiveClasses(t *testing.T) {
	d := mustDomain(t, blobs(12, 3), Classification, nil)
	out, err := d.Naive().Infer(t.Context(), object(t, `{"rows": [{"x": 1, "y": 2.5, "side": "high"}, {}]}`))
	if err != nil {
		t.Fatal(err)
	}
	got := string(canon.Canonical(out))
	if !strings.Contains(got, `"predictions": ["c2", "c2"]`) || !strings.Contains(got, `"classes": ["c0", "c1", "c2"]`) {
		t.Errorf("answer %s", got)
	}
	list, _ := out.List("probabilities")
	if len(list) != 2 {
		t.Fatalf("probabilities %v", list)
	}
	p, err := domain.Reals(anyList(list[0].([]float64)), 3)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{1.0 / 6, 2.0 / 6, 3.0 / 6} {
		domaintest.Near(t, "probability", p[k], want, 0.03) // of 8, 15 and 22 training rows
	}
}

func anyList(x []float64) []any {
	out := make([]any, len(x))
	for i, v := range x {
		out[i] = v
	}
	return out
}

func TestInferRefusals(t *testing.T) {
	d := mustDomain(t, houses(100), Regression, nil)
	for input, want := range map[string]string{
		`{}`:                                    "rows",
		`{"row": []}`:                           `known are ["rows" "csv"]`,
		`{"rows": 1}`:                           "rows",
		`{"rows": []}`:                          "0 rows",
		`{"rows": [1]}`:                         "row 0: ",
		`{"rows": [{"area": 1}, {"are": 1}]}`:   `row 1: column "are" is no input`,
		`{"rows": [{"prize": 1}]}`:              `column "prize" is no input`,
		`{"rows": [{}], "csv": "a"}`:            `give one of them`,
		`{"csv": 1}`:                            `csv`,
		`{"csv": ""}`:                           `csv: `,
		`{"csv": "area,rooms\n1,2\n"}`:          `column "town": the text lacks this column: its header has columns "area", "rooms"`,
		`{"csv": "area,rooms,town\n1,x,Rom\n"}`: `csv: line 2: column "rooms": not a decimal number`,
		`{"csv": "area,rooms,town,are\n1,1,Rom,1\n"}`: `csv: line 2: column "are" is no input, did you mean "area"?`,
		`{"rows": [{"area": "big"}]}`:                 `column "area": not a decimal`,
		`{"rows": [{"area": true}]}`:                  `column "area"`,
		`{"rows": [{"area": []}]}`:                    `column "area"`,
		`{"rows": [{"area": 1e300}]}`:                 `too far`,
		`{"rows": [{"town": 1.5}]}`:                   `column "town"`,
		`{"rows": [{"town": false}]}`:                 `column "town"`,
	} {
		if out, err := d.Naive().Infer(t.Context(), object(t, input)); !errors.Is(err, domain.ErrInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("Infer(%s) = %v, %v, want ErrInput with %q", input, out, err, want)
		}
	}
	many := `{"rows": [{}` + strings.Repeat(", {}", MaxInferRows) + `]}`
	if _, err := d.Naive().Infer(t.Context(), object(t, many)); !errors.Is(err, domain.ErrInput) {
		t.Errorf("%d rows: error %v", MaxInferRows+1, err)
	}
	if _, err := d.Naive().Infer(t.Context(), nil); !errors.Is(err, domain.ErrInput) {
		t.Errorf("nil: error %v", err)
	}
}

// No request panics, and what is refused says why.
func FuzzInfer(f *testing.F) {
	d := mustDomain(f, houses(60), Regression, nil)
	for _, s := range []string{`{"rows": [{"area": 1, "town": "Rom", "rooms": "2"}, {}]}`, `{"csv": "area,rooms,town\n1,2,Rom\n,,\n"}`, `{"rows": [{"town": true}]}`,
		`{"csv": "town\trooms\tarea\nRom\t1\t2\n"}`, `{"rows": [{"id": null, "price": 1e300, "town": 1.5}]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		input, err := canon.ParseObject([]byte(text))
		if err != nil {
			return
		}
		if out, err := d.Naive().Infer(t.Context(), input); err == nil && !canon.Finite(out) || err != nil && !errors.Is(err, domain.ErrInput) {
			t.Fatalf("Infer(%s) = %v, %v", text, out, err)
		}
	})
}
