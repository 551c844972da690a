package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/stack/program"
	"doin.network/node/cmd/doin-node/stack/workers"
	"doin.network/node/internal/canon"
)

// configCommand is "doin-node config".
func configCommand() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Show, describe and check configurations.", Args: cobra.NoArgs,
		Example: "  doin-node config validate node.json\n  doin-node config show node.json\n  doin-node config schema > doin.schema.json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	c.AddCommand(configShow(), configSchema(), configValidate())
	return c
}

// configShow is "doin-node config show".
func configShow() *cobra.Command {
	return &cobra.Command{
		Use:     "show [FILE]",
		Short:   "Print the whole configuration of a file, or of none, defaults included.",
		Example: "  doin-node config show node.json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg := config.DefaultConfig()
			if len(args) == 1 {
				loaded, _, err := config.Load(args[0])
				if err != nil {
					return err
				}
				cfg = *loaded
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), string(canon.AppendIndent(nil, cfg.Object())))
			return err
		},
	}
}

// configSchema is "doin-node config schema".
func configSchema() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of a configuration, for editors.",
		Example: "  doin-node config schema > doin.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), string(canon.AppendIndent(nil, config.Schema())))
			return err
		},
	}
}

// configValidate is "doin-node config validate".
func configValidate() *cobra.Command {
	var without bool
	c := &cobra.Command{
		Use:   "validate FILE",
		Short: "Say what is wrong with a configuration, all at once.",
		Long: "Checks the file as a start does, and has the worker load every domain, which reads its data. Ends with 2 if anything is wrong.\n" +
			"doin-node doctor looks at the machine, too.",
		Example: "  doin-node config validate node.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, warnings, err := config.Load(args[0])
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, w := range warnings {
				fmt.Fprintln(out, "note:", w)
			}
			if !without {
				if err := loadDomains(cmd.Context(), cfg); err != nil {
					return usageError(err)
				}
			}
			_, err = fmt.Fprintf(out, "%s has no fault\n", args[0])
			return err
		},
	}
	c.Flags().BoolVar(&without, "no-worker", false, "leave out what only the worker knows: plugins, their keys, data")
	return c
}

// loadDomains has every domain loaded by the worker that a node would use.
func loadDomains(ctx context.Context, cfg *config.Config) error {
	w, err := workers.Find(ctx, cfg, slog.New(slog.DiscardHandler))
	if err == nil {
		err = w.State().Missing
	}
	if err != nil {
		return err
	}
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.Run(run) }()
	var errs []error
	for i, d := range cfg.Domains {
		if !d.Active() {
			continue
		}
		if _, err := w.Configure(ctx, d); err != nil {
			errs = append(errs, fmt.Errorf("domains[%d] %s: %w", i, d.ID, err))
		}
	}
	stop()
	<-ended
	if ctx.Err() != nil {
		return &program.ExitError{Code: program.ExitInterrupted, Err: ctx.Err()}
	}
	return errors.Join(errs...)
}
