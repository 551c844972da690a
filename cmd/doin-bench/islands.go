package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/bench/islands"
	"doin.network/node/bench/migration"
)

// islandsFlags are the flags that are not fields of the configuration.
type islandsFlags struct {
	simulate, asJSON bool
	join             []string
	out              string

	clock        bool
	goal         string // "auto" or a number
	calibrations int
	calibrateFor time.Duration

	bbob      bool
	migration migration.Config
}

func islandsCommand() *cobra.Command {
	cfg := islands.DefaultConfig()
	var flags islandsFlags
	c := &cobra.Command{
		Use:   "islands --domain D --nodes 1,2,4 --seeds S",
		Short: "Rounds, evaluations and seconds to a goal, of nodes that exchange champions and of those that do not.",
		Long: "Starts real networks on loopback, or simulates them (--simulate), or watches nodes that are running already\n" +
			"(--join), and compares with one node, with as many that exchange nothing, and with one given as many evaluations.\n" +
			"With --clock, it takes the time to a goal of one node, of two islands and of two nodes that exchange nothing; what is\n" +
			"in the directory of --out is not measured again.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.Progress = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }
			if flags.bbob {
				return migrateIslands(cmd, cfg, &flags)
			}
			if flags.clock {
				return clockIslands(cmd, cfg, &flags)
			}
			r, err := measureIslands(cmd, cfg, &flags)
			if err != nil {
				return err
			}
			if flags.out != "" {
				if err := writeIslands(flags.out, r); err != nil {
					return err
				}
			}
			if flags.asJSON {
				return encode(cmd.OutOrStdout(), r)
			}
			return r.WriteText(cmd.OutOrStdout())
		},
	}
	f := c.Flags()
	f.StringVar(&cfg.Domain, "domain", cfg.Domain, "quadratic or forecast")
	f.StringVar(&cfg.Path, "config", cfg.Path, "node configuration with the domain (default: none for quadratic, examples/co2/node.json for forecast)")
	f.IntSliceVar(&cfg.Nodes, "nodes", cfg.Nodes, "numbers of nodes")
	f.IntVar(&cfg.Seeds, "seeds", cfg.Seeds, "runs of each arrangement")
	f.Int64Var(&cfg.FirstSeed, "first-seed", cfg.FirstSeed, "seed of the first run")
	f.StringSliceVar(&cfg.Strategies, "strategies", nil, "hill_climber, ga (default: both for quadratic, ga for forecast)")
	f.IntVar(&cfg.Population, "population", 0, "population of a GA (default: 16 for quadratic, else the configuration's)")
	f.Float64SliceVar(&cfg.Goals, "goals", nil, "performances to reach (default: -100 for quadratic)")
	f.IntSliceVar(&cfg.Lags, "lags", cfg.Lags, "rounds that a champion takes, simulation only")
	f.StringVar((*string)(&cfg.Migration.Topology), "topology", string(cfg.Migration.Topology), "full, ring, random, torus, hypercube or small_world")
	f.IntVar(&cfg.Migration.Degree, "degree", cfg.Migration.Degree, "sources of an island in the random topology")
	f.StringVar((*string)(&cfg.Migration.Policy), "policy", string(cfg.Migration.Policy), "all, best, or draw: one of the best few")
	f.IntVar(&cfg.Migration.Top, "top", cfg.Migration.Top, "of how many of the best to draw")
	f.IntVar(&cfg.Migration.Interval, "interval", cfg.Migration.Interval, "rounds between migrations")
	f.BoolVar(&cfg.Compare, "compare", false, "compare all topologies and policies too, simulation only")
	f.IntVar(&cfg.CompareSeeds, "compare-seeds", cfg.CompareSeeds, "runs of each topology and policy, at most --seeds")
	f.IntVar(&cfg.MaxRounds, "max-rounds", cfg.MaxRounds, "rounds after which a run is given up")
	f.DurationVar(&cfg.Timeout, "timeout", cfg.Timeout, "time after which a real run is given up")
	f.IntVar(&cfg.Parallel, "parallel", cfg.Parallel, "real networks that run at once")
	f.DurationVar(&cfg.Pace, "pace", cfg.Pace, "pause between the rounds of a real quadratic domain")
	f.StringVar(&cfg.NodeExe, "node", "", "the doin-node program (default: beside this program, else on PATH)")
	f.BoolVar(&flags.simulate, "simulate", false, "simulate under a virtual clock")
	f.StringSliceVar(&flags.join, "join", nil, "host:port of nodes that are running already")
	f.BoolVar(&flags.asJSON, "json", false, "print JSON")
	f.StringVar(&flags.out, "out", "", "directory for islands-DOMAIN-MODE.md, .json and .svg")
	clock := islands.DefaultClockConfig()
	f.BoolVar(&flags.clock, "clock", false, "seconds to a goal, by real nodes (default: forecast, 40 seeds, given up after 10m)")
	f.StringVar(&flags.goal, "goal", "auto", "with --clock: the performance to reach, or auto: what one node has after --calibrate-for")
	f.IntVar(&flags.calibrations, "calibrations", clock.Calibrations, "with --clock: runs of which auto takes the median")
	f.DurationVar(&flags.calibrateFor, "calibrate-for", clock.CalibrateFor, "with --clock: how long they take")
	flags.migration = migration.DefaultConfig()
	f.BoolVar(&flags.bbob, "bbob", false, "sweep topologies and intervals, or those given, on benchmark functions, simulated; with --seeds and --out, which keeps what has been measured")
	f.IntSliceVar(&flags.migration.Functions, "functions", flags.migration.Functions, "with --bbob: numbers of functions")
	f.IntVar(&flags.migration.Dimension, "dim", flags.migration.Dimension, "with --bbob: dimension")
	f.StringVar(&flags.migration.Kind, "kind", flags.migration.Kind, "with --bbob: cma, ga or mixed islands")
	f.IntVar(&flags.migration.Budget, "budget", flags.migration.Budget, "with --bbob: evaluations of an island at most, for each dimension")
	f.Float64Var(&flags.migration.Target, "target", flags.migration.Target, "with --bbob: how near to the best value a run ends")
	c.MarkFlagsMutuallyExclusive("simulate", "join", "clock", "bbob")
	return c
}

func measureIslands(cmd *cobra.Command, cfg islands.Config, flags *islandsFlags) (*islands.Report, error) {
	if cfg.Path == "" && cfg.Domain == islands.Forecast {
		cfg.Path = filepath.Join("examples", "co2", "node.json")
	}
	switch {
	case flags.simulate:
		return islands.Simulate(cmd.Context(), cfg)
	case len(flags.join) > 0:
		cfg.Endpoints = flags.join
		return islands.Join(cmd.Context(), cfg)
	}
	if cfg.NodeExe == "" {
		exe, err := findNode()
		if err != nil {
			return nil, err
		}
		cfg.NodeExe = exe
	}
	return islands.Real(cmd.Context(), cfg)
}

// clockIslands measures by the clock.
func clockIslands(cmd *cobra.Command, cfg islands.Config, flags *islandsFlags) error {
	c := islands.DefaultClockConfig()
	f := cmd.Flags()
	if !f.Changed("domain") {
		cfg.Domain = c.Domain
	}
	if !f.Changed("seeds") {
		cfg.Seeds = c.Seeds
	}
	if !f.Changed("timeout") {
		cfg.Timeout = c.Timeout
	}
	c.Config, c.Calibrations, c.CalibrateFor = cfg, flags.calibrations, flags.calibrateFor
	if flags.goal != "auto" {
		goal, err := strconv.ParseFloat(flags.goal, 64)
		if err != nil || math.IsNaN(goal) || math.IsInf(goal, 0) {
			return fmt.Errorf("--goal %q: want auto or a number", flags.goal)
		}
		c.Goal = &goal
	}
	if c.Path == "" && c.Domain == islands.Forecast {
		c.Path = filepath.Join("examples", "co2", "node.json")
	}
	if c.NodeExe == "" {
		exe, err := findNode()
		if err != nil {
			return err
		}
		c.NodeExe = exe
	}
	name := fmt.Sprintf("islands-%s-clock", c.Domain)
	if flags.out != "" {
		if err := os.MkdirAll(flags.out, 0o755); err != nil {
			return err
		}
		c.Journal = filepath.Join(flags.out, name+".jsonl")
	}
	r, err := islands.Clock(cmd.Context(), c)
	if err != nil {
		return err
	}
	if flags.out != "" {
		command := "doin-bench " + strings.Join(os.Args[1:], " ")
		err := writeForms(flags.out, []form{
			{name + ".md", func(w io.Writer) error { return r.WriteMarkdown(w, command, time.Now()) }},
			{name + ".json", func(w io.Writer) error { return encode(w, r) }},
		})
		if err != nil {
			return err
		}
	}
	if flags.asJSON {
		return encode(cmd.OutOrStdout(), r)
	}
	return r.WriteText(cmd.OutOrStdout())
}

// migrateIslands sweeps on benchmark functions.
func migrateIslands(cmd *cobra.Command, cfg islands.Config, flags *islandsFlags) error {
	c, f := flags.migration, cmd.Flags()
	c.Progress = cfg.Progress
	if f.Changed("seeds") {
		c.Seeds = cfg.Seeds
	}
	if f.Changed("nodes") {
		c.Islands = cfg.Nodes
	}
	if f.Changed("parallel") {
		c.Parallel = cfg.Parallel
	}
	if f.Changed("topology") {
		c.Topologies = append(c.Topologies[:0:0], cfg.Migration.Topology)
	}
	if f.Changed("interval") {
		c.Intervals = []int{cfg.Migration.Interval}
	}
	if flags.out != "" {
		if err := os.MkdirAll(flags.out, 0o755); err != nil {
			return err
		}
		c.Journal = filepath.Join(flags.out, "migration.jsonl")
	}
	r, err := migration.Measure(cmd.Context(), c)
	if err != nil {
		return err
	}
	if flags.out != "" {
		command := "doin-bench " + strings.Join(os.Args[1:], " ")
		err := writeForms(flags.out, []form{
			{"migration.md", func(w io.Writer) error { return r.WriteMarkdown(w, command, time.Now()) }},
			{"migration.json", func(w io.Writer) error { return encode(w, r) }},
		})
		if err != nil {
			return err
		}
	}
	if flags.asJSON {
		return encode(cmd.OutOrStdout(), r)
	}
	return r.WriteText(cmd.OutOrStdout())
}

// findNode looks for doin-node beside this program and on PATH.
func findNode() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	beside := filepath.Join(filepath.Dir(self), "doin-node")
	if st, err := os.Stat(beside); err == nil && st.Mode().IsRegular() {
		return beside, nil
	}
	path, err := exec.LookPath("doin-node")
	if err != nil {
		return "", errors.New("doin-node is neither beside doin-bench nor on PATH: run make build, or give --node")
	}
	return path, nil
}

// writeIslands puts the report's three forms into dir.
func writeIslands(dir string, r *islands.Report) error {
	name := fmt.Sprintf("islands-%s-%s", r.Config.Domain, r.Mode)
	command := "doin-bench " + strings.Join(os.Args[1:], " ")
	return writeForms(dir, []form{
		{name + ".md", func(w io.Writer) error { return r.WriteMarkdown(w, command, time.Now()) }},
		{name + ".svg", r.WriteSVG},
		{name + ".json", func(w io.Writer) error { return encode(w, r) }},
	})
}

func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
