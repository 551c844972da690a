package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"doin.network/node/compute/domain/inspect"
	"doin.network/node/ga/settings"
	"doin.network/node/internal/canon"
)

// runInspect prints what a data file is to the built-in domains, and the configuration that suits it.
func runInspect(args []string, stdout, stderr io.Writer) error {
	defer new(collector).begin()()
	flags := flag.NewFlagSet("doin-worker inspect", flag.ContinueOnError)
	flags.SetOutput(stderr)
	asJSON := flags.Bool("json", false, "print one JSON object")
	o := inspect.Options{Settings: canon.NewObject(), Others: settings.Top()}
	flags.StringVar(&o.Task, "task", "", strings.Join(inspect.Tasks(), ", ")+"; default: chosen by the file")
	flags.StringVar(&o.Target, "target", "", "the column to predict; default: chosen by the file")
	addSettings(flags, o.Settings)
	path, err := fileOf(flags, args)
	if err != nil {
		return err
	}
	if path == "" {
		return errors.New("inspect: usage: doin-worker inspect FILE [--json] [--task TASK] [--target COLUMN] [--set KEY=VALUE]…")
	}
	progress := &bar{out: stderr, shown: isTerminal(stderr)}
	o.Progress = progress.show
	report, err := inspect.File(path, o)
	progress.end()
	if err != nil {
		if report != nil && !*asJSON {
			_, _ = io.WriteString(stdout, report.Text()) // what was understood may say what is wrong
		}
		return fmt.Errorf("inspect: %w", err)
	}
	if *asJSON {
		_, err = fmt.Fprintf(stdout, "%s\n", canon.AppendIndent(nil, report.Object()))
	} else {
		_, err = io.WriteString(stdout, report.Text())
	}
	return err
}

// addSettings adds the flag that fills settings.
func addSettings(flags *flag.FlagSet, settings *canon.Object) {
	flags.Func("set", "KEY=VALUE: a member of optimization_config that is to stand in it, for example time_format=%d/%m/%Y; again for another", func(s string) error {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			return errors.New("must be KEY=VALUE")
		}
		settings.Set(key, setting(value))
		return nil
	})
}

// fileOf parses arguments of which one is a file, which flags may follow; empty where there is none, or more than one.
func fileOf(flags *flag.FlagSet, args []string) (string, error) {
	if err := flags.Parse(args); err != nil {
		return "", err
	}
	path := flags.Arg(0)
	if flags.NArg() > 1 {
		if err := flags.Parse(flags.Args()[1:]); err != nil {
			return "", err
		}
		if flags.NArg() > 0 {
			path = ""
		}
	}
	return path, nil
}

// setting is a value of the command line: JSON where it is some, else a text.
func setting(s string) any {
	if v, err := canon.Parse([]byte(s)); err == nil {
		return v
	}
	return s
}

// bar shows how much of a file has been read, on a terminal.
type bar struct {
	out   io.Writer
	shown bool
	last  int64 // percent shown, −1 after the end
	begun bool
}

// show takes the bytes read, of how many.
func (b *bar) show(done, total int64) {
	if !b.shown || total <= 0 {
		return
	}
	percent := min(100, done*100/total)
	if b.begun && percent == b.last {
		return
	}
	b.begun, b.last = true, percent
	const wide = 40
	full := int(percent * wide / 100)
	fmt.Fprintf(b.out, "\rreading [%s%s] %3d %%", strings.Repeat("=", full), strings.Repeat(" ", wide-full), percent)
}

// end clears the line.
func (b *bar) end() {
	if b.begun {
		fmt.Fprint(b.out, "\r\x1b[K")
	}
}

// isTerminal reports whether somebody looks at what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
