package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"doin.network/node/bench/quality"
)

func qualityCommand() *cobra.Command {
	cfg := quality.DefaultConfig()
	var asJSON bool
	var out, anchors, check string
	var fresh int
	c := &cobra.Command{
		Use:   "quality [--data DIR]",
		Short: "Test errors of confirmed champions on series and tables, beside simple models and what other programs reach.",
		Long: "DIR holds sets.json, anchors.csv and the files they name. For every set and horizon a worker searches, claims are\n" +
			"confirmed as a node does, and the champion's error on the test part stands beside the anchors. With --out, what is\n" +
			"in the directory's quality.jsonl already is not measured again, and an interrupted run goes on.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch anchors {
			case "file":
			case "run":
				cfg.Run = true
			default:
				return fmt.Errorf("--anchors %q: must be file or run", anchors)
			}
			if cfg.Evaluations > 0 && !cmd.Flags().Changed("budget") {
				cfg.Budget = 0
			}
			cfg.Progress = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }
			if err := completeQuality(cmd.Context(), &cfg, out); err != nil {
				return err
			}
			r, name, err := measureQuality(cmd.Context(), cfg, check, fresh, out)
			if err != nil {
				return err
			}
			if out != "" {
				err := writeForms(out, []form{{name + ".md", r.WriteMarkdown}, {name + ".json", func(w io.Writer) error { return encode(w, r) }}})
				if err != nil {
					return err
				}
			}
			if asJSON {
				return encode(cmd.OutOrStdout(), r)
			}
			return r.WriteMarkdown(cmd.OutOrStdout())
		},
	}
	f := c.Flags()
	f.StringVar(&cfg.Data, "data", "", "directory of the sets (default: bench/quality/testdata)")
	f.StringSliceVar(&cfg.Sets, "sets", nil, "names of sets, or forecast, tabular (default: all)")
	f.DurationVar(&cfg.Budget, "budget", cfg.Budget, "time of one search with its claims (default: none where --evaluations is given)")
	f.Int64Var(&cfg.Evaluations, "evaluations", 0, "trainings of one search")
	f.IntVar(&cfg.Seeds, "seeds", cfg.Seeds, "searches of each set and horizon")
	f.Uint64Var(&cfg.FirstSeed, "first-seed", cfg.FirstSeed, "seed of the first")
	f.IntVar(&cfg.Population, "population", cfg.Population, "population of a search")
	f.IntVar(&cfg.ClaimSeeds, "claim-seeds", cfg.ClaimSeeds, "seeds of a claim")
	f.Float64Var(&cfg.Rule.MinIncrement, "min-increment", cfg.Rule.MinIncrement, "improvement that a claim has to make")
	f.StringVar(&cfg.Rule.Z2, "z2", cfg.Rule.Z2, "square of how many standard errors it has to be above 0")
	f.IntVar(&cfg.Trainings, "workers", cfg.Trainings, "trainings at a time")
	f.StringVar(&cfg.Worker, "worker", "", "the doin-worker program (default: beside this program, else on PATH)")
	f.StringVar(&anchors, "anchors", "file", "file: those of anchors.csv; run: R's and Python's are made again where they are installed")
	f.StringVar(&check, "check", "", "z: are recorded performances what other seeds give; noise: what is accepted where there is nothing to\nlearn, --seeds runs; random: the genetic search against a random one at equal training steps")
	f.IntVar(&fresh, "fresh", 60, "with --check z: fresh seeds of each champion")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.StringVar(&out, "out", "", "directory for quality.jsonl, quality.md and quality.json")
	return c
}

// qualityReport is what a measurement comes to.
type qualityReport interface {
	WriteMarkdown(w io.Writer) error
}

// measureQuality makes what is asked for and names its files.
func measureQuality(ctx context.Context, cfg quality.Config, check string, fresh int, out string) (r qualityReport, name string, err error) {
	journal := func(name string) string {
		if out == "" {
			return ""
		}
		return filepath.Join(out, name+".jsonl")
	}
	switch name = "quality-" + check; check {
	case "":
		name = "quality"
		r, err = quality.Measure(ctx, cfg)
	case "z":
		r, err = quality.CheckZ(ctx, cfg, fresh, journal(name))
	case "random":
		r, err = quality.CheckRandom(ctx, cfg, journal(name))
	case "noise":
		dir := out
		if dir == "" {
			if dir, err = os.MkdirTemp("", "doin-noise-"); err != nil {
				return nil, "", err
			}
			defer os.RemoveAll(dir)
		}
		cfg.Journal = journal(name)
		r, err = quality.CheckNoise(ctx, cfg, cfg.Seeds, filepath.Join(dir, "noise"))
	default:
		err = fmt.Errorf("--check %q: must be z, noise or random", check)
	}
	return r, name, err
}

// completeQuality fills in the places of files and programs.
func completeQuality(ctx context.Context, cfg *quality.Config, out string) error {
	if cfg.Data == "" {
		cfg.Data = filepath.Join("bench", "quality", "testdata")
	}
	if out != "" {
		if err := os.MkdirAll(out, 0o755); err != nil {
			return err
		}
		cfg.Journal = filepath.Join(out, "quality.jsonl")
	}
	if cfg.Worker != "" {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cfg.Worker, err = quality.FindWorker(ctx, filepath.Dir(self))
	return err
}
