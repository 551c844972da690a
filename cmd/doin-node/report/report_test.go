package report

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/cmd/doin-node/score"
	"doin.network/node/internal/canon"
	"doin.network/node/net/web"
)

func object(t *testing.T, text string) *canon.Object {
	t.Helper()
	o, err := canon.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// wellFormed reads a document as XML and returns how many elements of each name it has.
func wellFormed(t *testing.T, name string, data []byte) map[string]int {
	t.Helper()
	count := map[string]int{}
	d := xml.NewDecoder(strings.NewReader(string(data)))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return count
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if e, ok := token.(xml.StartElement); ok {
			count[e.Name.Local]++
		}
	}
}

func TestFiles(t *testing.T) {
	own := &score.Score{Validation: 0.25, Test: 0.5}
	others := []score.Score{{Name: "naive", Validation: 1.0, Test: 1.5}, {Name: "drift", Validation: 2.0}}
	p := Page{Title: "<a> & b", Network: "abc", Version: "1", When: time.Unix(0, 0), Domains: []Domain{
		{ID: "co2", Error: "mae", Own: own, Others: others, Standing: "verified", Optimae: strings.Repeat("f", 64), Recipe: "model=mlp",
			History: []Round{{10, -2}, {20, -1}}, Next: Forecast{[]string{"2001-03", "2001-04"}, []float64{3, 4}},
			Champions: []Row{{ID: "f0", By: "me", Standing: "champion"}},
			Evidence: object(t, `{"kind": "series", "horizon": 2, "value": "ppm<", "history": {"times": ["2000-11", "2000-12"], "values": [1, 2]},
				"times": ["2001-01", "2001-02"], "actual": [2, 3], "models": [{"name": "champion", "predictions": [2.5, 3.5], "errors": [0.5, 0.75]},
				{"name": "naive", "predictions": [1, 2], "errors": [1, 2]}], "network": {"parameters": 49, "multiply_adds": 24,
				"dot": "digraph model {}", "svg": "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>"}}`)},
		{ID: "prices", Evidence: object(t, `{"kind": "numbers", "target": "price", "actual": [1, 2, 4], "models": [{"name": "champion", "predictions": [1, null, 3]}],
			"network": {"parameters": 9, "note": "the graph is <large>"}}`)},
		{ID: "iris/1", Evidence: object(t, `{"kind": "classes", "target": "c", "classes": ["a<b", "c"], "actual": [0, 1, 1],
			"models": [{"name": "champion", "probabilities": [[0.9, 0.1], [0.25, 0.75], [0.6, 0.4]]}]}`)},
		{ID: "exec"},
	}}
	files, err := p.Files()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name, data := range files {
		names = append(names, name)
		if strings.HasSuffix(name, ".svg") {
			wellFormed(t, name, data)
		}
	}
	slices.Sort(names)
	want := []string{"co2-forecast.svg", "co2-network.dot", "co2-network.svg", "co2-residuals.svg", "co2-search.svg", "co2-steps.svg", "index.html", "iris_1-calibration.svg",
		"prices-predictions.svg", "prices-residuals.svg"}
	if !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
	html := string(files["index.html"])
	for _, part := range []string{"&lt;a&gt; &amp; b", "trains one: 49 parameters, 24 multiply-adds for a sample.", `src="data:image/svg&#43;xml;base64,PHN2Zy`, "trains one: 9 parameters: the graph is &lt;large&gt;.", "naive (the best without a search)", `<td class="number">0.25</td><td class="number">0.5</td>`,
		`<td>a&lt;b</td><td class="number">1</td><td class="number">0</td>`, `<td>c</td><td class="number">1</td><td class="number">1</td>`, "<th>2001-03</th>",
		`<script type="application/json" data-told="domain-0">{"evidence":`, `"value":"ppm\u003c"`, `"next":{"forecast":[3.0,4.0],"times":["2001-03","2001-04"]}`,
		`"history":{"best":[-2.0,-1.0],"trials":[10,20]},"top":"naive"}</script>`} {
		if !strings.Contains(html, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	// Nothing is fetched from anywhere: the only address is the name of SVG's space of names. What the script asks for is watched in a
	// browser (net/web/ui/test/click.mjs): it names addresses of the dashboard.
	_, script := web.Report()
	if strings.Count(html, script) != 1 || strings.Contains(script, "</script") || strings.Contains(script, "<!--") {
		t.Error("the page has not the script of the dashboard's parts, once and whole")
	}
	rest := strings.ReplaceAll(strings.ReplaceAll(html, script, ""), "http://www.w3.org/2000/svg", "")
	rest = strings.ReplaceAll(rest, `src="data:`, "") // what stands in the page itself
	if found := regexp.MustCompile(`(?i)https?:|src=|href=|url\(|@import`).FindAllString(rest, -1); found != nil {
		t.Errorf("the page refers to something outside: %q", found)
	}
}

// A page without champions says so.
func TestEmptyPage(t *testing.T) {
	files, err := (&Page{}).Files()
	if err != nil || len(files) != 1 || !strings.Contains(string(files["index.html"]), "There is no champion yet") {
		t.Errorf("files %v, %v", files, err)
	}
}

// What is no evidence is no plot, and no panic.
func TestStrangeEvidence(t *testing.T) {
	for _, text := range []string{`{}`, `{"kind": 3}`, `{"kind": "series"}`, `{"kind": "series", "horizon": "x", "models": [1, {"name": 2}], "actual": ["a"]}`,
		`{"kind": "classes", "classes": ["a"], "actual": [7, -1], "models": [{"probabilities": [[1, 2, 3], "x"]}]}`,
		`{"kind": "numbers", "actual": [1], "models": [{"name": "champion"}]}`} {
		p := Page{Domains: []Domain{{ID: "d", Evidence: object(t, text)}}}
		if _, err := p.Files(); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestChart(t *testing.T) {
	nan := math.NaN()
	c := Chart{Title: "a < b", Series: []Series{{Name: "x", X: []float64{0, 1, 2, 3}, Y: []float64{1, nan, 2, 3}},
		{Name: "y", X: []float64{1, 2}, Y: []float64{5, 6}, Style: Points}, {Name: "z", X: []float64{1}, Y: []float64{-2}, Style: Bars}}}
	n := wellFormed(t, "chart", []byte(c.SVG()))
	if n["circle"] != 2 || n["path"] != 2 || n["rect"] != 1+1+3 { // ground, bar, legend
		t.Errorf("elements %v", n)
	}
	if s := (&Chart{Series: []Series{{X: []float64{1}, Y: []float64{nan}}}}).SVG(); s != "" {
		t.Errorf("a chart of nothing is %q", s)
	}
	one := Chart{Series: []Series{{X: []float64{5}, Y: []float64{7}}}} // a single point has room around it
	wellFormed(t, "one point", []byte(one.SVG()))
}

func TestTicks(t *testing.T) {
	f := func(low, high float64, n int, want ...float64) {
		t.Helper()
		got := scale{low: low, high: high}.ticks(n)
		ok := len(got) == len(want)
		for i := range want {
			ok = ok && math.Abs(got[i]-want[i]) < 1e-9*max(1, math.Abs(want[i]))
		}
		if !ok {
			t.Errorf("ticks of %v to %v = %v, want %v", low, high, got, want)
		}
	}
	f(0, 10, 5, 0, 2, 4, 6, 8, 10)
	f(-1, 1, 5, -1, -0.5, 0, 0.5, 1)
	f(340, 372, 5, 340, 350, 360, 370)
	f(1e-9, 3e-9, 5, 1e-9, 1.5e-9, 2e-9, 2.5e-9, 3e-9)
}
