package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/cmd/doin-node/archive"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/cmd/doin-node/stack/backup"
	"doin.network/node/cmd/doin-node/stack/program"
	"doin.network/node/internal/canon"
)

// careCommands are the commands with which a node is kept for months.
func careCommands() []*cobra.Command {
	return []*cobra.Command{backupCommand(), restoreCommand(), doctorCommand(), configCommand(), recoverCommand()}
}

// usageError makes an error one of the command line.
func usageError(err error) error { return &program.ExitError{Code: program.ExitUsage, Err: err} }

// backupCommand is "doin-node backup".
func backupCommand() *cobra.Command {
	var path, dir, out string
	c := &cobra.Command{
		Use:   "backup --config FILE --out FILE",
		Short: "Keep a node in one file, while it runs or not.",
		Long: "Writes a tar of the chain, the key, the configuration, the genesis file, the state of the searches and the records, with a\n" +
			"manifest of SHA-256. The file holds the key: keep it as safe as that. Data files that the configuration names are not in it.",
		Example: "  doin-node backup --config node.json --out node.tar",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := config.Load(path)
			if err != nil {
				return err
			}
			if dir != "" {
				cfg.DataDir = dir
			}
			n, err := replace(out, func(w io.Writer) error { return makeBackup(cmd.Context(), cfg, w) })
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %d bytes\n", out, n)
			}
			return err
		},
	}
	f := c.Flags()
	f.StringVarP(&path, "config", "c", "", "the node's configuration (required)")
	f.StringVarP(&dir, "data-dir", "d", "", "data directory instead of the file's")
	f.StringVarP(&out, "out", "o", "", "file to write (required)")
	required(c, "config", "out")
	return c
}

func required(c *cobra.Command, flags ...string) {
	for _, f := range flags {
		if err := c.MarkFlagRequired(f); err != nil {
			panic(err) // the flag is defined beside the call
		}
	}
}

// replace writes a file that others cannot read, whole or not at all, and returns its size.
func replace(path string, write func(io.Writer) error) (n int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err := errors.Join(write(f), f.Sync()); err != nil {
		return 0, errors.Join(err, f.Close())
	}
	info, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil {
		return 0, err
	}
	return info.Size(), os.Rename(f.Name(), path)
}

// makeBackup has the running node write a backup; where none runs, it is written here.
func makeBackup(ctx context.Context, cfg *config.Config, w io.Writer) error {
	if _, err := os.Stat(cfg.DataDir); err != nil {
		return usageError(fmt.Errorf("data directory: %w", err))
	}
	err := askBackup(ctx, cfg.DataDir, w)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) { // none, or that of a node that was killed
		return stack.BackupOf(ctx, &stack.Base{Config: cfg, Log: slog.New(slog.DiscardHandler), Now: time.Now}, w)
	}
	return err
}

// askBackup has the node that runs in a data directory make a backup.
func askBackup(ctx context.Context, dir string, w io.Writer) error {
	return askNode(ctx, dir, stack.BackupPath, w)
}

// askNode has the node that runs in a data directory write what it answers at a path of its socket.
func askNode(ctx context.Context, dir, path string, w io.Writer) error {
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", stack.ControlSocket(dir))
	}}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://node"+path, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the node answers %s", res.Status)
	}
	if _, err := io.Copy(w, res.Body); err != nil {
		return fmt.Errorf("the node did not finish, its log says why: %w", err)
	}
	return nil
}

// restoreCommand is "doin-node restore".
func restoreCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "restore FILE --data-dir DIRECTORY",
		Short: "Make a data directory of a backup.",
		Long: "Checks every part of the backup against its manifest, then makes the directory, which must not exist or be empty. The\n" +
			"configuration is DIRECTORY/node.json, with the directory's own paths.",
		Example: "  doin-node restore node.tar --data-dir ./restored\n  doin-node --config ./restored/node.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return usageError(err)
			}
			defer f.Close()
			m, err := backup.Restore(f, dir)
			if errors.Is(err, backup.ErrNotEmpty) {
				return usageError(err)
			}
			if err != nil {
				return err
			}
			if err := archive.Forget(cmd.Context(), dir); err != nil {
				return err
			}
			path, err := localize(dir)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "%s: height %d of network %.12s, made at %s\n", dir, m.Height, m.Network, m.MadeAt)
			fmt.Fprintln(out, "WARNING: it holds the same key as the node that it was made of. Two machines with one key contradict each other and lose")
			fmt.Fprintln(out, "their stake: start this one only when the other will never run again.")
			if path != "" {
				fmt.Fprintf(out, "Next: %s --config %s\n", os.Args[0], path)
			}
			return nil
		},
	}
	c.Flags().StringVarP(&dir, "data-dir", "d", "", "directory to make (required)")
	required(c, "data-dir")
	return c
}

// localize writes the node.json of a restored directory: the configuration with the paths of the directory. Without one in the
// backup it returns "".
func localize(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	old := filepath.Join(dir, backup.Config)
	data, err := os.ReadFile(old)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		return "", fmt.Errorf("%s: %w", old, err)
	}
	out := canon.NewObject()
	for k, v := range o.All() {
		switch k {
		case "data_dir", "identity_file", "genesis_file", "experiment_stats_file", "olap_db_path":
		default:
			out.Set(k, v)
		}
	}
	out.Set("data_dir", dir)
	if _, err := os.Stat(filepath.Join(dir, backup.Genesis)); err == nil {
		out.Set("genesis_file", filepath.Join(dir, backup.Genesis))
	}
	path := filepath.Join(dir, "node.json")
	if err := stack.WriteFile(path, append(canon.AppendIndent(nil, out), '\n')); err != nil {
		return "", err
	}
	return path, os.Remove(old)
}
