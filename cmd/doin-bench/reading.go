package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/bench/reading"
)

func readingCommand() *cobra.Command {
	cfg := reading.DefaultConfig()
	var asJSON bool
	var out, child string
	c := &cobra.Command{
		Use:   "reading",
		Short: "How fast a large file of text is read, and what memory that takes.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if child != "" && len(args) == 1 {
				row, err := reading.Child(child, args[0])
				if err != nil {
					return err
				}
				return encode(cmd.OutOrStdout(), row)
			}
			r, err := reading.Run(cmd.Context(), cfg, readingChild)
			if err != nil {
				return err
			}
			if out != "" {
				err := writeForms(out, []form{
					{"reading.md", func(w io.Writer) error { return r.WriteMarkdown(w, time.Now()) }},
					{"reading.json", func(w io.Writer) error { return encode(w, r) }},
				})
				if err != nil {
					return err
				}
			}
			if asJSON {
				return encode(cmd.OutOrStdout(), r)
			}
			return r.WriteMarkdown(cmd.OutOrStdout(), time.Now())
		},
	}
	f := c.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.StringVar(&out, "out", "", "directory for reading.md and reading.json")
	f.IntVar(&cfg.MiB, "mib", cfg.MiB, "size of the files")
	f.StringVar(&cfg.Folder, "folder", cfg.Folder, "where the files are while they are read (default the system's)")
	f.StringVar(&child, "child", "", "the case that this process is to read")
	_ = f.MarkHidden("child")
	return c
}

// readingChild runs this program again for one case.
func readingChild(ctx context.Context, name, path string) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, self, "reading", "--child", name, path)
	c.Stderr = os.Stderr
	return c.Output()
}
