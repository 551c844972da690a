package wallet

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// Domains is what the commands on domains need of other parts of the program.
type Domains struct {
	// Entry reads the domain of a configuration as a genesis file would have it, and keeps its files in a data directory.
	Entry func(ctx context.Context, path, dataDir string) (chain.Domain, error)
	// Take writes a node's part in an added domain into its data directory.
	Take func(dataDir, domain string, optimize, evaluate bool) error
}

// DomainCommand is "doin-node domain".
func DomainCommand(d Domains) *cobra.Command {
	c := &cobra.Command{
		Use:   "domain",
		Short: "Add a domain to a running network, take part in one, or close one's own.",
		Long: "A domain is added by a transaction that locks a deposit until its author closes it. Who runs a node decides what it computes: with\n" +
			"\"added_domains\": \"builtin\" a node takes up what its own program can compute, else domain take does it for one. A claim is accepted\n" +
			"when two thirds of the evaluators drawn for it take part. See docs/lan.md.",
		Example: "  doin-node domain add second.json --data-dir doin-data --wait\n" +
			"  doin-node domain list --data-dir doin-data",
		Args: cobra.NoArgs,
	}
	c.AddCommand(addCommand(d), closeCommand(d), takeCommand(d), listCommand())
	return c
}

func addCommand(d Domains) *cobra.Command {
	var w where
	var deposit string
	c := &cobra.Command{
		Use:   "add FILE",
		Short: "Add the domain of a configuration, as doin-node new writes one, to the network of a running node.",
		Long: "Loads the domain's data once to bind what its program finds in them, keeps its files in the node's data directory, sends the\n" +
			"transaction, and takes part in the domain. The running node serves the files to the others. An id is used once in a network's life.",
		Example: "  doin-node new sales.csv && doin-node domain add sales.json --data-dir doin-data --wait",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			units := int64(0)
			if deposit != "" {
				var err error
				if units, err = ledger.ParseAmount(deposit); err != nil {
					return inWords(refuse("--deposit: %v", err))
				}
			}
			cfg, err := w.settings()
			if err != nil {
				return inWords(err)
			}
			return w.with(cmd, func(ctx context.Context, one *wallet) error {
				return one.addDomain(ctx, d, args[0], cfg.DataDir, units, w.wait)
			})
		},
	}
	w.flags(c, true)
	c.Flags().StringVar(&deposit, "deposit", "", "what is locked, in DOIN (default: the least, a tenth of a block's reward)")
	return c
}

func closeCommand(d Domains) *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:     "close ID",
		Short:   "Close a domain that this node's key has added; its deposit comes back.",
		Example: "  doin-node domain close sales --data-dir doin-data --wait",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return w.with(cmd, func(ctx context.Context, one *wallet) error { return one.closeDomain(ctx, args[0], w.wait) })
		},
	}
	w.flags(c, true)
	return c
}

func takeCommand(d Domains) *cobra.Command {
	var w where
	var only string
	c := &cobra.Command{
		Use:   "take ID",
		Short: "Take part in a domain that was added to the network, or with --only none in none.",
		Long: "Writes the part into the node's data directory; a running node takes it up within seconds, gets the domain's files from other nodes,\n" +
			"and checks them by their hashes. What a program of its own computes (exec:) has to stand in the node's configuration instead.",
		Example: "  doin-node domain take sales --data-dir doin-data",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			optimize, evaluate, err := parts(only)
			if err != nil {
				return inWords(err)
			}
			cfg, err := w.settings()
			if err != nil {
				return inWords(err)
			}
			if err := d.Take(cfg.DataDir, args[0], optimize, evaluate); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "domain %s: optimize %v, evaluate %v; the node of %s has it within seconds\n", args[0], optimize, evaluate, cfg.DataDir)
			return err
		},
	}
	w.flags(c, false)
	c.Flags().StringVar(&only, "only", "", "optimize, evaluate or none (default: both)")
	return c
}

// parts reads the flag --only.
func parts(only string) (optimize, evaluate bool, err error) {
	switch only {
	case "":
		return true, true, nil
	case "optimize":
		return true, false, nil
	case "evaluate":
		return false, true, nil
	case "none":
		return false, false, nil
	}
	return false, false, refuse("--only %s: want optimize, evaluate or none", only)
}

func listCommand() *cobra.Command {
	var w where
	var json bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "Print the network's domains and the node's part in each.",
		Example: "  doin-node domain list --data-dir doin-data",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := w.settings()
			if err != nil {
				return inWords(err)
			}
			endpoint, err := w.endpoint(cfg)
			if err != nil {
				return inWords(err)
			}
			n := connect(endpoint)
			defer n.client.Close()
			o, err := n.get(cmd.Context(), "/domains")
			if err != nil {
				return fmt.Errorf("no node answers at %s (name another by --url, or start it): %w", endpoint, err)
			}
			if json {
				_, err := cmd.OutOrStdout().Write(append(canon.AppendIndent(nil, o), '\n'))
				return err
			}
			return listDomains(cmd.OutOrStdout(), o)
		},
	}
	w.flags(c, false)
	c.Flags().BoolVar(&json, "json", false, "as JSON, as GET /domains answers")
	return c
}

// listDomains prints an answer of GET /domains.
func listDomains(out io.Writer, o *canon.Object) error {
	list, err := o.List("domains")
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "domain\tplugin\toptimize\tevaluate\tadded")
	for _, e := range list {
		d, err := canon.AsObject(e)
		if err != nil {
			return err
		}
		id, _ := d.StringOr("domain_id", "")
		entry, _ := d.ObjectOr("entry", canon.NewObject())
		plugin, _ := entry.StringOr("plugin", "")
		optimize, _ := d.BoolOr("optimize", false)
		evaluate, _ := d.BoolOr("evaluate", false)
		fmt.Fprintf(t, "%q\t%q\t%v\t%v\t%s\n", id, plugin, optimize, evaluate, origin(d))
	}
	return t.Flush()
}

// origin says in words where a domain comes from.
func origin(d *canon.Object) string {
	added, _ := d.BoolOr("added", false)
	if !added {
		return "by the genesis file"
	}
	author, _ := d.StringOr("author", "")
	height, _ := d.IntOr("height", 0)
	deposit, _ := d.StringOr("deposit", "")
	text := fmt.Sprintf("at height %d by %.40q for %.20s DOIN", height, author, deposit)
	if closed, _ := d.IntOr("closed_at", 0); closed != 0 {
		text += fmt.Sprintf(", closed at height %d", closed)
	}
	return text
}

// addDomain adds the domain of a configuration.
func (w *wallet) addDomain(ctx context.Context, d Domains, path, dataDir string, deposit int64, wait bool) error {
	done, err := w.resume(ctx, func(e entry) bool { return e.tx.Type == consensus.TxAdded }, wait)
	if done || err != nil {
		return err
	}
	a, err := w.own(ctx)
	if err != nil {
		return err
	}
	terms, err := w.node.get(ctx, "/domains")
	if err != nil {
		return err
	}
	if may, _ := terms.BoolOr("may_be_added", false); !may {
		return refuse("the genesis file of network %.12s does not let domains be added", a.network)
	}
	least, err := terms.String("deposit")
	if err != nil {
		return fmt.Errorf("answer of %s/domains: %w", w.node.endpoint, err)
	}
	units, err := ledger.ParseAmount(least)
	if err != nil {
		return fmt.Errorf("answer of %s/domains: %w", w.node.endpoint, err)
	}
	switch {
	case deposit == 0:
		deposit = units
	case deposit < units:
		return refuse("a deposit of %s DOIN is too little: the least is %s", ledger.FormatAmount(deposit), least)
	}
	if free := a.balance - a.locked; free < deposit {
		return refuse("adding a domain locks %s DOIN and %s can spend %s: claims of its node that are accepted earn them, or let somebody send them (doin-node wallet send %s AMOUNT)",
			ledger.FormatAmount(deposit), w.key.PeerID(), ledger.FormatAmount(max(0, free)), w.key.PeerID())
	}
	e, err := d.Entry(ctx, path, dataDir)
	if err != nil {
		return err
	}
	if err := w.submitOf(ctx, consensus.TxAdded, e.ID, consensus.AdditionPayload(&e, deposit), wait); err != nil {
		return err
	}
	return d.Take(dataDir, e.ID, true, true)
}

// closeDomain closes a domain that the key has added.
func (w *wallet) closeDomain(ctx context.Context, id string, wait bool) error {
	done, err := w.resume(ctx, func(e entry) bool { return e.tx.Type == consensus.TxClosed && e.tx.DomainID == id }, wait)
	if done || err != nil {
		return err
	}
	if _, err := w.own(ctx); err != nil {
		return err
	}
	return w.submitOf(ctx, consensus.TxClosed, id, consensus.ClosingPayload(), wait)
}
