package count

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"doin.network/node/bench/report"
	"doin.network/node/kernels/ptxrun"
)

// Write writes kernels.json and kernels.md into a folder.
func (r *Report) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "kernels.json"), append(b, '\n'), 0o644); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "kernels.md"))
	if err != nil {
		return err
	}
	err = r.WriteText(f)
	if failed := f.Close(); err == nil {
		err = failed
	}
	return err
}

// WriteText writes the report as Markdown.
func (r *Report) WriteText(w io.Writer) error {
	p := &report.Printer{W: w}
	p.Printf("# Instructions of the training kernels\n\n")
	p.Printf("Written by `doin-bench kernels`. The committed PTX is executed instruction by instruction on a processor; no card is involved, and nothing is a time. ")
	p.Printf("A figure is what the warps of one block issue in one optimizer step of one model: of the lanes of a warp the one that came most often counts. ")
	p.Printf("`weighted` counts the machine's instructions: each of PTX weighs what ptxas %s makes of it alone for %s (kernels/ptxrun/weights.json), `div.rn` and `sqrt.rn` their fast path. ", r.Toolkit, r.Architecture)
	p.Printf("`*` marks the kernel that the engine takes on a device of compute capability 9.0.\n\n")
	p.Printf("| workload | kernel | PTX | weighted | FMA share |\n|---|---|---:|---:|---:|\n")
	for _, row := range r.Rows {
		mark := ""
		if row.Chosen {
			mark = " *"
		}
		p.Printf("| %s | %s%s | %.0f | %.0f | %.1f %% |\n", row.Workload, row.Entry, mark, row.Unweighted, row.Weighted, 100*row.Classes[ptxrun.FMA]/row.Weighted)
	}
	p.Printf("\n## Weighted, by class\n\n| class |")
	for _, row := range r.Rows {
		p.Printf(" %s %s |", row.Workload, row.Entry)
	}
	p.Printf("\n|---|")
	for range r.Rows {
		p.Printf("---:|")
	}
	p.Printf("\n")
	for _, c := range ptxrun.Classes() {
		p.Printf("| %s |", c)
		for _, row := range r.Rows {
			p.Printf(" %.0f |", row.Classes[c])
		}
		p.Printf("\n")
	}
	r.writeLoops(p)
	return p.Err
}

// Read reads kernels.json.
func Read(dir string) (*Report, error) {
	b, err := os.ReadFile(filepath.Join(dir, "kernels.json"))
	if err != nil {
		return nil, err
	}
	r := new(Report)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("kernels.json: %w", err)
	}
	return r, nil
}
