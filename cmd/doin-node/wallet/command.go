package wallet

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"doin.network/node/chain/ledger"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/keys"
	"doin.network/node/cmd/doin-node/recovery"
	"doin.network/node/cmd/doin-node/stack/program"
	"doin.network/node/cmd/doin-node/terms"
	"doin.network/node/internal/canon"
)

// where are the flags that say which node is asked, and whose key signs.
type where struct {
	config, dir, url, identity, passphrase string
	wait                                   bool
	timeout                                time.Duration
}

func (w *where) flags(c *cobra.Command, sends bool) {
	f := c.Flags()
	f.StringVarP(&w.config, "config", "c", "", "the node's configuration (default: node.json of the data directory)")
	f.StringVarP(&w.dir, "data-dir", "d", "", "data directory of the node, or of a network of doin-node local")
	f.StringVar(&w.url, "url", "", "the running node to ask, http://HOST:PORT (default: the configuration's)")
	f.StringVarP(&w.identity, "identity", "i", "", "key file instead of the configuration's")
	f.StringVar(&w.passphrase, "passphrase-file", "", "file with the passphrase of an encrypted key, instead of the configuration's")
	if sends {
		f.BoolVar(&w.wait, "wait", false, "wait until the transaction is in a block")
		f.DurationVar(&w.timeout, "timeout", 0, "wait so long at most, for example 10m; 0: until Ctrl-C")
	}
}

// settings is the configuration as the flags change it.
func (w *where) settings() (*config.Config, error) {
	dir := w.dir
	if w.config == "" && dir != "" {
		if first := filepath.Join(dir, "node-0"); !exists(filepath.Join(dir, "node.json")) && exists(filepath.Join(first, "node.json")) {
			dir = first
		}
		if path := filepath.Join(dir, "node.json"); exists(path) {
			w.config = path
		}
	}
	cfg := config.DefaultConfig()
	switch {
	case w.config != "":
		loaded, _, err := config.Load(w.config)
		if err != nil {
			return nil, &program.ExitError{Code: 2, Err: err}
		}
		cfg = *loaded
	case w.url == "" || dir == "" && w.identity == "":
		return nil, refuse("name the node: --config FILE or --data-dir DIRECTORY; or --url with --identity FILE")
	}
	if dir != "" {
		cfg.DataDir = dir
	}
	if w.identity != "" {
		cfg.IdentityFile = w.identity
	}
	if w.passphrase != "" {
		cfg.PassphraseFile = w.passphrase
	}
	return &cfg, nil
}

// endpoint is the node to ask.
func (w *where) endpoint(cfg *config.Config) (string, error) {
	if w.url != "" {
		return endpointOf(w.url)
	}
	host := cfg.Network.Host
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	if cfg.Network.Port == 0 {
		return "", refuse("the configuration lets the node choose its port: name it, --url http://%s:PORT", host)
	}
	return net.JoinHostPort(host, strconv.Itoa(cfg.Network.Port)), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// with opens a wallet, does something with it, and closes it.
func (w *where) with(cmd *cobra.Command, do func(ctx context.Context, one *wallet) error) error {
	return inWords(func() error {
		cfg, err := w.settings()
		if err != nil {
			return err
		}
		endpoint, err := w.endpoint(cfg)
		if err != nil {
			return err
		}
		key, err := keys.Open(cfg)
		if errors.Is(err, os.ErrNotExist) {
			return refuse("there is no key %s: a node makes it when it starts first, or doin-node key import FILE brings one", cfg.IdentityPath())
		}
		if err != nil {
			return err
		}
		signing, err := recovery.ID(terms.NetworkOf(cfg), cfg.DataDir)
		if err != nil {
			return refuse("%v", err)
		}
		ctx := cmd.Context()
		if w.timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, w.timeout)
			defer cancel()
		}
		n := connect(endpoint)
		defer n.client.Close()
		return do(ctx, &wallet{node: n, key: key, network: terms.NetworkOf(cfg), signing: signing, journal: journalOf(cfg.IdentityPath()), out: cmd.OutOrStdout(),
			now: time.Now, every: time.Second})
	}())
}

// inWords gives a refusal the exit status 2.
func inWords(err error) error {
	if isRefusal(err) {
		return &program.ExitError{Code: 2, Err: err}
	}
	return err
}

// Command is "doin-node wallet".
func Command() *cobra.Command {
	c := &cobra.Command{
		Use:   "wallet",
		Short: "Show balances, send money, and register as an evaluator, by the node that runs.",
		Long: "Transactions are signed here by the node's key and given to a running node. Amounts are DOIN, decimal, with at most eight digits behind\n" +
			"the point. What a killed command has begun the next one finishes, and nothing is sent twice. A refusal says its reason and ends with\n" +
			"the exit status 2. See docs/wallet.md.",
		Example: "  doin-node wallet balance --config node.json\n" +
			"  doin-node wallet send 5f0c0d…40 digits 12.5 --config node.json --wait",
		Args: cobra.NoArgs,
	}
	c.AddCommand(balanceCommand(), sendCommand(), registerCommand(), unregisterCommand())
	return c
}

func balanceCommand() *cobra.Command {
	var w where
	var json bool
	c := &cobra.Command{
		Use:     "balance [ID]",
		Short:   "Print an account: money, nonce, reputation, and whether it is an evaluator.",
		Example: "  doin-node wallet balance --data-dir doin-local/co2",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			print := func(id string, a *account) error {
				if json {
					_, err := cmd.OutOrStdout().Write(append(canon.AppendIndent(nil, a.object), '\n'))
					return err
				}
				return show(cmd.OutOrStdout(), id, a)
			}
			if len(args) == 1 { // needs no key
				return w.ask(cmd.Context(), args[0], print)
			}
			return w.with(cmd, func(ctx context.Context, one *wallet) error {
				a, err := one.own(ctx)
				if err != nil {
					return err
				}
				return print(one.key.PeerID(), a)
			})
		},
	}
	w.flags(c, false)
	c.Flags().BoolVar(&json, "json", false, "as JSON, as GET /balance answers")
	return c
}

// ask prints the account of anybody.
func (w *where) ask(ctx context.Context, id string, print func(string, *account) error) error {
	return inWords(func() error {
		cfg := &config.Config{}
		if w.url == "" {
			var err error
			if cfg, err = w.settings(); err != nil {
				return err
			}
		}
		endpoint, err := w.endpoint(cfg)
		if err == nil {
			err = (&order{to: id, amount: 1}).check("")
		}
		if err != nil {
			return err
		}
		n := connect(endpoint)
		defer n.client.Close()
		a, err := n.account(ctx, id)
		if err != nil {
			return err
		}
		return print(id, a)
	}())
}

func sendCommand() *cobra.Command {
	var w where
	var fee string
	var second bool
	c := &cobra.Command{
		Use:     "send TO AMOUNT",
		Short:   "Send money to an account.",
		Example: "  doin-node wallet send 5f0c0d…40 digits 12.5 --data-dir doin-local/co2 --wait",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := order{to: args[0], second: second, wait: w.wait}
			var err error
			if o.amount, err = ledger.ParseAmount(args[1]); err == nil && fee != "" {
				o.fee, err = ledger.ParseAmount(fee)
			}
			if err != nil {
				return inWords(refuse("%v", err))
			}
			return w.with(cmd, func(ctx context.Context, one *wallet) error { return one.send(ctx, o) })
		},
	}
	w.flags(c, true)
	c.Flags().StringVar(&fee, "fee", "", "what the block is paid, in DOIN (default: the base fee and half of it)")
	c.Flags().BoolVar(&second, "second", false, "a second transfer, even if an earlier command has left the same one unfinished")
	return c
}

func registerCommand() *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:     "register",
		Short:   "Make the node an evaluator; burns the stake that wallet balance --json shows.",
		Example: "  doin-node wallet register --data-dir doin-data --wait",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return w.with(cmd, func(ctx context.Context, one *wallet) error { return one.register(ctx, w.wait) })
		},
	}
	w.flags(c, true)
	return c
}

func unregisterCommand() *cobra.Command {
	var w where
	c := &cobra.Command{
		Use:   "unregister",
		Short: "End the node's registration as an evaluator; the stake is not paid back.",
		Long: "Where the genesis file lets evaluators leave (evaluators_may_leave) and two others stay. Reputation and balance stay, wallet register\n" +
			"brings the node back, and \"register\": true does not by itself.",
		Example: "  doin-node wallet unregister --data-dir doin-data --wait",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return w.with(cmd, func(ctx context.Context, one *wallet) error { return one.unregister(ctx, w.wait) })
		},
	}
	w.flags(c, true)
	return c
}
