package local

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/score"
)

// greet says where everything is.
func greet(w io.Writer, dir string, members []*member) {
	fmt.Fprintf(w, "starting %d nodes in %s, their logs are there\n", len(members), relative(dir))
	for _, m := range members {
		fmt.Fprintf(w, "node %d: http://%s/\n", m.index, m.endpoint())
	}
}

// found is what a run ends with: of each domain the champion, its error, and those of the models beside it; and the commands that use
// it.
func found(cfg *config.Config, dir, exe string, last []sample) string {
	var b strings.Builder
	series, table, some := false, false, false
	for _, d := range longest(last).domains {
		if d.champion == nil {
			fmt.Fprintf(&b, "%s: nothing has been confirmed yet\n", d.id)
			continue
		}
		some = true
		for i := range cfg.Domains {
			if cfg.Domains[i].ID == d.id {
				series, table = series || cfg.Domains[i].Plugin() == "forecast", table || cfg.Domains[i].Plugin() == "tabular"
			}
		}
		fmt.Fprintf(&b, "%s: %s\n", d.id, championWords(&d, len(last)))
	}
	where := relative(dir)
	fmt.Fprintf(&b, "the network is kept in %s: the same command goes on with it\n", where)
	if !some {
		return b.String()
	}
	b.WriteString("\nnext:\n")
	command := func(format string, args ...any) {
		fmt.Fprintf(&b, "  %s "+format+" --data-dir %s\n", append(append([]any{relative(exe)}, args...), where)...)
	}
	command("champions")
	if series {
		command("forecast --steps 12 --out forecast.csv")
	}
	if table {
		command("predict --input rows.csv --out predictions.csv")
	}
	command("export --format onnx --out model.onnx")
	return b.String()
}

// championWords is what a champion is worth, in words.
func championWords(d *domainSample, nodes int) string {
	kind, own, others := score.Read(d.champion.metrics, d.baselines)
	if own == nil {
		return championLine(d, nodes)
	}
	out := fmt.Sprintf("%s %s on the validation data", kind, score.Figure(own.Validation))
	if own.Test != nil {
		out += fmt.Sprintf(", %s on the test", score.Figure(own.Test))
	}
	out += " (" + strings.TrimPrefix(championLine(d, nodes), fmt.Sprintf("champion %s, ", score.Figure(d.champion.performance))) + ")"
	if best := score.Best(others); best != nil {
		out += fmt.Sprintf("; the best model without a search, %s, has %s", best.Name, best)
	}
	var names []string
	for _, o := range others {
		names = append(names, fmt.Sprintf("%s %v", o.Name, o))
	}
	if len(names) > 1 {
		out += "\n  beside: " + strings.Join(names, ", ")
	}
	return out
}

// relative is a path as somebody types it who is where the program was started.
func relative(path string) string {
	at, err := os.Getwd()
	if err != nil {
		return path
	}
	short, err := filepath.Rel(at, path)
	if err != nil || strings.HasPrefix(short, "..") {
		return path
	}
	if filepath.Dir(short) == "." && short != "." {
		return "." + string(filepath.Separator) + short // a program is looked for on PATH otherwise
	}
	return short
}
