package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"doin.network/node/chain/application"
	"doin.network/node/chain/replica"
	"doin.network/node/cmd/doin-node/archive"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/recovery"
	"doin.network/node/cmd/doin-node/stack/program"
)

// recoverCommand is "doin-node recover".
func recoverCommand() *cobra.Command {
	var path, from string
	var evaluators []string
	var asJSON bool
	c := &cobra.Command{
		Use:   "recover --config FILE [--evaluators ID,ID… | --from FILE]",
		Short: "Have a network of protocol 2 go on that stopped for good, because a third of its evaluators are lost.",
		Long: "No block is made while fewer than two thirds of the evaluators sign. Where those who are missing do not come back, the operators of the\n" +
			"others agree on who signs from now on. One of them, whose node has the highest final block, stops it and names them: that makes\n" +
			"recovery.json in its data directory. Every other operator compares the file's id, stops the node, and takes the file by --from.\n" +
			"Blocks that were not final are given up, money and champions stay, and nothing counts any more that was signed before for a later time.\n" +
			"Who is missing is absent, and comes back with the file. Newcomers need it beside the genesis file. Without --evaluators and --from it\n" +
			"says who can be named.",
		Example: "  doin-node recover --config node.json\n  doin-node recover --config node.json --evaluators 41d3…,9bb0…\n" +
			"  doin-node recover --config node.json --from recovery.json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := config.Load(path)
			if err != nil {
				return err
			}
			n, out := archive.Node{Dir: cfg.DataDir, Store: cfg.StorePath(), Genesis: cfg.GenesisPath()}, cmd.OutOrStdout()
			var file *application.Recoveries
			switch {
			case len(evaluators) > 0 && from != "":
				return usageError(errors.New("--evaluators makes a recovery, --from takes one that was made: name one of them"))
			case len(evaluators) > 0:
				file, err = n.Recover(cmd.Context(), evaluators)
			case from != "":
				var data []byte
				if data, err = os.ReadFile(from); err == nil {
					file, err = n.Take(cmd.Context(), data)
				}
			default:
				var place *archive.Place
				if place, err = n.Look(); err == nil {
					return showPlace(out, place, asJSON)
				}
			}
			if err != nil {
				return recoverError(err)
			}
			return showRecovery(out, file, filepath.Join(cfg.DataDir, recovery.Name), from == "")
		},
	}
	f := c.Flags()
	f.StringVarP(&path, "config", "c", "", "the node's configuration (required)")
	f.StringSliceVar(&evaluators, "evaluators", nil, "peer ids of who signs from now on, with commas between")
	f.StringVar(&from, "from", "", "recovery file that another operator has made")
	f.BoolVar(&asJSON, "json", false, "who can be named, as JSON")
	required(c, "config")
	return c
}

// recoverError makes an error that is the question's one of the command line.
func recoverError(err error) error {
	for _, of := range []error{archive.ErrRuns, archive.ErrProtocol, application.ErrRecovery, replica.ErrRecovery, fs.ErrNotExist} {
		if errors.Is(err, of) {
			return usageError(err)
		}
	}
	return &program.ExitError{Code: program.ExitFailed, Err: err}
}

func showPlace(out io.Writer, p *archive.Place, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(p)
	}
	fmt.Fprintf(out, "network %s\nlast final block %d, %s\n%d sign:\n", p.Network, p.Height, p.Block, len(p.Electors))
	for _, id := range p.Electors {
		fmt.Fprintf(out, "  %s\n", id)
	}
	if len(p.Others) > 0 {
		fmt.Fprintln(out, "registered beside them:")
	}
	for _, id := range p.Others {
		fmt.Fprintf(out, "  %s\n", id)
	}
	_, err := fmt.Fprintln(out, "name those who go on by --evaluators, on the node with the highest final block")
	return err
}

func showRecovery(out io.Writer, file *application.Recoveries, path string, made bool) error {
	last := file.List[len(file.List)-1]
	_, err := fmt.Fprintf(out, "%s: recovery %s\nthe network goes on from block %d, %d sign\n", path, file.ID(), last.Height, len(last.Evaluators))
	if err == nil && made {
		_, err = fmt.Fprintf(out, "hand the file to every other operator, who stops the node, runs \"doin-node recover --config FILE --from %s\", compares the id, and starts it\n",
			filepath.Base(path))
	}
	return err
}
