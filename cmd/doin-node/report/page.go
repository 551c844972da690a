package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"

	"doin.network/node/cmd/doin-node/score"
	"doin.network/node/internal/canon"
	"doin.network/node/net/web"
)

//go:embed page.html
var page string

// Page is what a report tells.
type Page struct {
	Title   string
	Network string // id
	Version string
	When    time.Time
	Domains []Domain
}

// Domain is one domain's result.
type Domain struct {
	ID string
	// Error is that of Own, the champion, and of Others, the models without a search.
	Error     string
	Own       *score.Score
	Others    []score.Score
	Standing  string
	Optimae   string
	Recipe    string
	Evidence  *canon.Object // of the worker; nil: it shows nothing
	Next      Forecast
	History   []Round
	Champions []Row
}

// Forecast is what comes after the data.
type Forecast struct {
	Times  []string
	Values []float64
}

// Round is how far a search was at one moment.
type Round struct {
	Trials int64
	Best   float64
}

// Row is a champion in the list of all.
type Row struct{ ID, When, Performance, Validation, Test, By, Standing string }

// drawn is a domain as the template sees it.
type drawn struct {
	*Domain
	Plots     []plot
	Classes   []string
	Confusion [][]int
	Best      string
	Place     string      // the id of the element that holds the pictures
	Told      template.JS // what the script draws them of
	Facts     string      // how large the champion's network is
	Picture   string      // its graph, an SVG
	dot       string
}

// network reads the champion's network out of an evidence.
func (d *drawn) network(evidence *canon.Object) {
	o, err := evidence.ObjectOr("network", nil)
	if err != nil || o == nil {
		return
	}
	parameters, _ := o.IntOr("parameters", 0)
	d.Facts = fmt.Sprintf("%d parameters", parameters)
	if adds, _ := o.IntOr("multiply_adds", 0); adds > 0 {
		d.Facts += fmt.Sprintf(", %d multiply-adds for a sample", adds)
	}
	if note, _ := o.StringOr("note", ""); note != "" {
		d.Facts += ": " + note
	}
	d.Picture, _ = o.StringOr("svg", "")
	d.dot, _ = o.StringOr("dot", "")
}

// Source is the picture as an image's source: a picture that a worker made runs no script there.
func (d drawn) Source() template.URL {
	return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(d.Picture)))
}

type plot struct {
	Title string
	SVG   template.HTML
}

// Files returns the page and its plots by file name.
func (p *Page) Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	var domains []drawn
	for i := range p.Domains {
		d := &p.Domains[i]
		one := drawn{Domain: d}
		if b := score.Best(d.Others); b != nil {
			one.Best = b.Name
		}
		for _, c := range d.charts() {
			svg := c.SVG()
			if svg == "" {
				continue
			}
			files[fileName(d.ID, c.Name)] = []byte(svg)
			one.Plots = append(one.Plots, plot{c.Title, template.HTML(svg)}) // texts in it are escaped by SVG
		}
		one.network(d.Evidence)
		if one.Picture != "" {
			files[fileName(d.ID, "network")], files[strings.TrimSuffix(fileName(d.ID, "network"), ".svg")+".dot"] = []byte(one.Picture), []byte(one.dot)
		}
		if d.Evidence != nil {
			e := read(d.Evidence)
			one.Classes, one.Confusion = e.classes, e.confusion()
		}
		one.Place, one.Told = fmt.Sprintf("domain-%d", i), d.told(one.Best)
		domains = append(domains, one)
	}
	sheet, script := web.Report()
	t, err := template.New("page").Funcs(template.FuncMap{"figure": score.Figure}).Parse(page)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, map[string]any{"Page": p, "Domains": domains, "When": p.When.UTC().Format("2006-01-02 15:04 UTC"),
		"Sheet": template.CSS(sheet), "Script": template.JS(script)}); err != nil {
		return nil, err
	}
	files["index.html"] = b.Bytes()
	return files, nil
}

// told is what the page's script draws a domain's pictures of, as JSON that cannot end the element that it stands in.
func (d *Domain) told(best string) template.JS {
	trials, bests := []any{}, []any{}
	for _, r := range d.History {
		trials, bests = append(trials, r.Trials), append(bests, number(r.Best))
	}
	o := canon.NewObject("top", best, "history", canon.NewObject("trials", trials, "best", bests), "evidence", nil)
	if d.Evidence != nil {
		e := d.Evidence.Clone()
		e.Delete("network") // which stands in the page itself
		if len(d.Next.Values) > 0 {
			times, values := []any{}, []any{}
			for _, t := range d.Next.Times {
				times = append(times, t)
			}
			for _, v := range d.Next.Values {
				values = append(values, number(v))
			}
			e.Set("next", canon.NewObject("times", times, "forecast", values))
		}
		o.Set("evidence", e)
	}
	return template.JS(strings.ReplaceAll(string(canon.AppendCompact(nil, o)), "<", `\u003c`))
}

// number is a number of JSON, which has no NaN and no infinity.
func number(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return v
}

// fileName is a plot's: the domain as far as it is plain.
func fileName(domain, chart string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, domain)
	return fmt.Sprintf("%s-%s.svg", plain, chart)
}
