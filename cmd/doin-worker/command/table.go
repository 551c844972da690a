package command

import (
	"bufio"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/number"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/internal/canon"
)

// runTable prints a data file, read as the built-in domains read theirs, as plain CSV: UTF-8, commas, decimal points, nothing between
// thousands, missing values empty. The file "-" is standard input.
func runTable(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	defer new(collector).begin()()
	flags := flag.NewFlagSet("doin-worker table", flag.ContinueOnError)
	flags.SetOutput(stderr)
	settings := canon.NewObject()
	addSettings(flags, settings)
	var texts []string
	flags.Func("text", "COLUMN: whose cells are no numbers and stay as they are; again for another", func(s string) error {
		texts = append(texts, s)
		return nil
	})
	path, err := fileOf(flags, args)
	if err != nil {
		return err
	}
	if path == "" {
		return errors.New("table: usage: doin-worker table FILE [--set KEY=VALUE]… [--text COLUMN]…")
	}
	var o data.Options
	reader := domain.NewReader(settings)
	supervised.ReadOptions(reader, &o)
	if err := reader.Err(); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	var g *data.Grid
	if path == "-" {
		path = "standard input"
		g, err = data.ReadFrom(stdin, o, nil)
	} else {
		g, err = data.Read(path, o, nil)
	}
	if err == nil {
		err = writeTable(stdout, g, &o, texts)
	}
	if err != nil {
		return fmt.Errorf("table: %s: %w", path, err)
	}
	return nil
}

// writeTable writes a grid; texts are the columns that stay as they are.
func writeTable(to io.Writer, g *data.Grid, o *data.Options, texts []string) error {
	d, err := number.NewDetector(o.Decimal, o.Thousands)
	if err != nil {
		return err
	}
	numeric := make([]bool, g.Columns())
	for i := range numeric {
		c := g.Column(i)
		if numeric[i] = !slices.Contains(texts, c.Name()); !numeric[i] {
			continue
		}
		for row := range g.Rows() {
			if !c.Missing(row) {
				d.Add(g.Line(row), c.Text(row))
			}
		}
	}
	format, err := d.Format()
	var cell *number.CellError
	if errors.As(err, &cell) {
		return data.Errorf(0, "", cell.Option, "%v", cell)
	}
	if err != nil {
		return err
	}
	b := bufio.NewWriter(to)
	w := csv.NewWriter(b)
	_ = w.Write(g.Names()) // Flush tells
	cells := make([]string, g.Columns())
	for row := range g.Rows() {
		for i := range cells {
			c := g.Column(i)
			cells[i] = c.Text(row)
			if c.Missing(row) {
				cells[i] = ""
			} else if plain, err := format.Plain(cells[i]); numeric[i] && err == nil {
				cells[i] = plain
			}
		}
		if err := w.Write(cells); err != nil {
			return err
		}
	}
	w.Flush()
	return errors.Join(w.Error(), b.Flush())
}
