//go:build unix

package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"

	"doin.network/node/internal/canon"
)

// command runs doin-node to its end in a directory.
func command(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, nodeExe, args...)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("doin-node %v: %v", args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// succeeds demands that a command succeeds.
func succeeds(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, errs, code := command(t, dir, args...)
	if code != 0 {
		t.Fatalf("doin-node %v = %d: %s", args, code, errs)
	}
	return out
}

// refuses demands that a command says a sentence and ends with 2.
func refuses(t *testing.T, dir, sentence string, args ...string) {
	t.Helper()
	if _, errs, code := command(t, dir, args...); code != 2 || !strings.Contains(errs, sentence) {
		t.Errorf("doin-node %v = %d: %s, want 2 and %q", args, code, errs, sentence)
	}
}

// newest returns the only current champion, once there is one that a block holds.
func newest(t *testing.T, dir string) *canon.Object {
	t.Helper()
	var found *canon.Object
	eventually(t, "a champion that the chain holds", func() error {
		o, err := canon.ParseObject([]byte(succeeds(t, dir, "champions", "--json", "--data-dir", ".")))
		if err != nil {
			return err
		}
		for _, c := range objects(t, o, "champions") {
			if c.Has("certificate") {
				found = c
				return nil
			}
		}
		return errors.New("none")
	})
	return found
}

// TestTakeSeries takes the result of a node that is alone along: while it runs, and when it has stopped.
func TestTakeSeries(t *testing.T) {
	t.Parallel()
	h := newHost(t, "taken", settings(forecast()), "solo", true, "discovery_enabled", false)
	h.run()
	c := newest(t, h.dir)
	for _, key := range []string{"validation", "test", "baselines", "recipe", "digest", "seeds"} {
		if !c.Has(key) {
			t.Errorf("the champion has no %s", key)
		}
	}
	succeeds(t, h.dir, "forecast", "--data-dir", ".", "--steps", "3", "--out", "running.csv")
	gap := filepath.Join(h.dir, "gap.csv")
	write(t, gap, []byte("month,co2_ppm\n1998-03,366\n"))
	const sentence = `row 1: time "1998-03" leaves a gap: the data end with "1997-12", the next row is "1998-01"`
	refuses(t, h.dir, sentence, "forecast", "--data-dir", ".", "--input", gap)
	h.stop(syscall.SIGTERM)

	if lines := strings.Count(string(read(t, h.file("running.csv"))), "\n"); lines != 4 {
		t.Errorf("%d lines of a forecast of three, want 4", lines)
	}
	refuses(t, h.dir, sentence, "forecast", "--data-dir", ".", "--input", gap)
	one := succeeds(t, h.dir, "forecast", "--data-dir", ".", "--steps", "2")
	write(t, h.file("next.csv"), []byte("month,co2_ppm\n1998-01,365.25\n1998-02,366\n"))
	write(t, h.file("next16.csv"), utf16le("month;co2_ppm\n1998-01;365,25\n1998-02;366\n"))
	next := succeeds(t, h.dir, "forecast", "--data-dir", ".", "--steps", "2", "--input", "next.csv")
	if got := succeeds(t, h.dir, "forecast", "--data-dir", ".", "--steps", "2", "--input", "next16.csv"); got != next || !strings.HasPrefix(got, "month,co2_ppm\n1998-03,3") {
		t.Errorf("forecast from rows with decimal commas\n%swant\n%s", got, next)
	}
	if !strings.HasPrefix(one, "month,co2_ppm\n1998-01,3") || one != succeeds(t, h.dir, "forecast", "--config", "node.json", "--steps", "2") {
		t.Errorf("forecast\n%s", one)
	}
	id, err := newest(t, h.dir).String("optimae_id")
	if err != nil {
		t.Fatal(err)
	}
	mentions(t, succeeds(t, h.dir, "reproduce", id[:12], "--data-dir", "."), "every bit is the same")
	// Other data are not the claim's fault, and nothing is said of it.
	other := filepath.Join(h.dir, "other.csv")
	write(t, other, bytes.Replace(read(t, filepath.Join(root, "examples", "co2", "mauna_loa_co2_monthly.csv")), []byte(",31"), []byte(",32"), 1))
	refuses(t, h.dir, "the data are not those", "reproduce", id, "--data-dir", ".", "--data", other)

	exported := map[string]string{"onnx": "ai.onnx.ml", "safetensors": "network_0.matrix_0.weight", "json": `"votes"`}
	for format, want := range exported {
		file := h.file("champion." + format)
		succeeds(t, h.dir, "export", "--data-dir", ".", "--id", id, "--format", format, "--out", file)
		if data := read(t, file); !bytes.Contains(data, []byte(want)) || !bytes.Contains(data, []byte(id)) {
			t.Errorf("%d bytes of %s lack %q or the id", len(data), format, want)
		}
	}
	// A solo node has made blocks: the tables say what they do.
	mentions(t, succeeds(t, h.dir, "olap", "check", "--data-dir", "."), "everything fits")
	for _, from := range [][]string{nil, {"--from-chain"}} {
		out := fmt.Sprint("tables", len(from))
		succeeds(t, h.dir, append([]string{"olap", "export", "--data-dir", ".", "--format", "csv", "--out", out}, from...)...)
		if lines := strings.Count(string(read(t, h.file(filepath.Join(out, "fact_block.csv")))), "\n"); lines < 2 {
			t.Errorf("olap export %q: %d lines of blocks, want a header and some", from, lines)
		}
	}
	succeeds(t, h.dir, "report", "--data-dir", ".", "--out", "page")
	for _, name := range []string{"index.html", "co2-forecast.svg", "co2-residuals.svg", "co2-search.svg"} {
		if data := read(t, filepath.Join(h.dir, "page", name)); !bytes.Contains(data, []byte("<svg ")) {
			t.Errorf("%s holds no plot: %.100q", name, data)
		}
	}
	refuses(t, h.dir, "must be onnx, json or safetensors", "export", "--data-dir", ".", "--format", "pickle")
	refuses(t, h.dir, "name the node", "champions")
	refuses(t, h.dir, `no champion of domain "x": there are some of co2`, "forecast", "--data-dir", ".", "--domain", "x")
}

// towns is a table with a category.
func towns() []byte {
	var b bytes.Buffer
	b.WriteString("area,town,price\n")
	for i := range 90 {
		fmt.Fprintf(&b, "%d,%s,%d\n", 40+i*i%97, []string{"Rom", "Bari", "Turin"}[i%3], 1000*(40+i*i%97)+50000*(i%3))
	}
	return b.Bytes()
}

// utf16le is a text as some programs write it, with the mark of its byte order.
func utf16le(text string) (out []byte) {
	for _, c := range utf16.Encode([]rune("\ufeff" + text)) {
		out = binary.LittleEndian.AppendUint16(out, c)
	}
	return out
}

// TestTakeTable asks a table's champion for rows.
func TestTakeTable(t *testing.T) {
	t.Parallel()
	h := newHost(t, "table", settings(canon.NewObject("domain_id", "towns", "optimize", true, "evaluate", true, "optimization_plugin", "tabular",
		"optimization_config", canon.NewObject("data", "towns.csv", "task", "regression", "target_column", "price", "max_steps", 40,
			"ga", canon.NewObject("population", 4, "elites", 1)))), "solo", true, "discovery_enabled", false)
	write(t, h.file("towns.csv"), towns())
	german := "# Flächen\ntown;area;price\nRom;50;1\nBari;1.060,5;1\n"
	write(t, h.file("plain.csv"), []byte("town,area,price\nRom,50,1\nBari,1060.5,1\n"))
	write(t, h.file("rows.csv"), []byte(german))
	write(t, h.file("rows16.csv"), utf16le(german))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(german)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	write(t, h.file("rows.csv.gz"), packed.Bytes())
	write(t, h.file("long.csv"), []byte("town,area\n"+strings.Repeat("Rom,50\n", 1499)+"Bari,large\n"))
	write(t, h.file("words.csv"), []byte("town,area\nRom,large\n"))
	write(t, h.file("good.csv"), []byte("town;area;price\nRom;50;1\nNA;60.5;1\n"))
	write(t, h.file("unseen.csv"), []byte("area,town\n50,Rom\n50,Paris\n"))
	write(t, h.file("lacking.csv"), []byte("area\n50\n"))
	h.run()
	newest(t, h.dir)
	check := func() {
		t.Helper()
		refuses(t, h.dir, `row 1, column "area"`, "predict", "--data-dir", ".", "--input", "words.csv")
		want := succeeds(t, h.dir, "predict", "--data-dir", ".", "--input", "plain.csv")
		for _, form := range []string{"rows.csv", "rows16.csv", "rows.csv.gz"} {
			if got := succeeds(t, h.dir, "predict", "--data-dir", ".", "--input", form); got != want || !strings.Contains(got, "\nBari,1060.5,1,") {
				t.Errorf("predict of %s =\n%swant that of plain.csv,\n%s", form, got, want)
			}
		}
		refuses(t, h.dir, `row 1500, column "area"`, "predict", "--data-dir", ".", "--input", "long.csv")
		refuses(t, h.dir, `row 2, column "town": training has not seen the category "Paris", but ["Bari" "Rom" "Turin"]`, "predict", "--data-dir", ".", "--input", "unseen.csv")
		refuses(t, h.dir, `column "town" is missing: the file has ["area"]`, "predict", "--data-dir", ".", "--input", "lacking.csv")
		refuses(t, h.dir, "doin-node predict asks it", "forecast", "--data-dir", ".")
		refuses(t, h.dir, "--input FILE is required", "predict", "--data-dir", ".")
		if out := succeeds(t, h.dir, "predict", "--data-dir", ".", "--input", "good.csv"); !strings.HasPrefix(out, "town,area,price,prediction\nRom,50,1,") {
			t.Errorf("predict =\n%s", out)
		}
	}
	check()
	h.stop(syscall.SIGTERM)
	check()
}
