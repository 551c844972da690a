package keys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"doin.network/node/chain/identity"
	"doin.network/node/cmd/doin-node/config"
)

// where are the flags that say which key is meant.
type where struct{ config, dir, file, passphrase string }

func (w *where) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&w.config, "config", "c", "", "the node's configuration")
	f.StringVarP(&w.dir, "data-dir", "d", "", "the node's data directory, in place of a configuration")
	f.StringVarP(&w.file, "identity", "i", "", "the key file itself, in place of both")
	f.StringVar(&w.passphrase, "passphrase-file", "", "file with the passphrase in its first line")
}

// path returns the key file that is meant.
func (w *where) path() (string, error) {
	switch {
	case w.file != "":
		return w.file, nil
	case w.config != "":
		cfg, _, err := config.Load(w.config)
		if err != nil {
			return "", err
		}
		if w.dir != "" {
			cfg.DataDir = w.dir
		}
		if w.passphrase == "" {
			w.passphrase = cfg.PassphraseFile
		}
		return cfg.IdentityPath(), nil
	case w.dir != "":
		return filepath.Join(w.dir, "identity.json"), nil
	}
	return "", &InputError{errors.New("name the key: --config FILE, --data-dir DIRECTORY or --identity FILE")}
}

// Command is "doin-node key". What its user can mend is an *InputError.
func Command() *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "Show a node's key, encrypt or decrypt it, or import one of the Python reference.",
		Long: "A node's key is its name and its money: whoever has the file and, if it is encrypted, its passphrase is the node. Encrypted keys are\n" +
			"files of the age format. The passphrase comes from --passphrase-file or key_passphrase_file, " + Environment + ", the systemd\n" +
			"credential " + credential + ", or a question on the terminal. While a node runs, its key is in its memory: restart it to use another file.",
		Example: "  doin-node key show --data-dir doin-data\n" +
			"  doin-node key encrypt --data-dir doin-data",
		Args: cobra.NoArgs,
	}
	sub := func(use, short, example string, do func(w *where, out io.Writer, args []string) error, args cobra.PositionalArgs) *cobra.Command {
		var w where
		s := &cobra.Command{Use: use, Short: short, Example: "  " + example, Args: args,
			RunE: func(cmd *cobra.Command, args []string) error { return do(&w, cmd.OutOrStdout(), args) }}
		w.flags(s)
		return s
	}
	c.AddCommand(
		sub("show", "Print the id and the public key that the key stands for.", "doin-node key show --config node.json", show, cobra.NoArgs),
		sub("encrypt", "Encrypt the key file by a passphrase, or by another one than before.", "doin-node key encrypt --config node.json", encrypt, cobra.NoArgs),
		sub("decrypt", "Write the key file without a passphrase.", "doin-node key decrypt --config node.json", decrypt, cobra.NoArgs),
		sub("import FILE", "Copy a key of another node, plain or encrypted, to where this node's key is; there must be none yet.",
			"doin-node key import /old/doin-data/identity.json --config node.json", imported, cobra.ExactArgs(1)),
	)
	return c
}

func show(w *where, out io.Writer, _ []string) error {
	path, err := w.path()
	if err != nil {
		return err
	}
	key, err := open(path, w.passphrase)
	if err != nil {
		return missing(err)
	}
	data, err := identity.ReadFile(path)
	if err != nil {
		return err
	}
	how := "plain: whoever reads the file is the node; doin-node key encrypt"
	if identity.Sealed(data) {
		how = "encrypted by a passphrase"
	}
	_, err = fmt.Fprintf(out, "peer id     %s\npublic key  %s\nfile        %s\nat rest     %s\n", key.PeerID(), key.PublicKey(), path, how)
	return err
}

func encrypt(w *where, out io.Writer, _ []string) error {
	path, err := w.path()
	if err != nil {
		return err
	}
	data, err := identity.ReadFile(path)
	if err != nil {
		return missing(inWords(path, err))
	}
	file := w.passphrase
	if identity.Sealed(data) {
		file = "" // what was given may be the new one: the old one is typed
	}
	key, err := openWith(path, identity.Sealed(data), file)
	if err != nil {
		return err
	}
	passphrase, err := choose(w.passphrase)
	if err != nil {
		return err
	}
	if err := key.SaveSealed(path, passphrase); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: the key of %s is encrypted; without its passphrase nobody can use it, you neither\n", path, key.PeerID())
	return err
}

// openWith opens a key whose passphrase, if it has one, can only be typed.
func openWith(path string, sealed bool, file string) (*identity.Key, error) {
	if !sealed {
		return open(path, file)
	}
	key, err := identity.Open(path, func() (string, error) { return prompt("passphrase until now: ") })
	return key, inWords(path, err)
}

func decrypt(w *where, out io.Writer, _ []string) error {
	path, err := w.path()
	if err != nil {
		return err
	}
	key, err := open(path, w.passphrase)
	if err != nil {
		return missing(err)
	}
	if err := key.Save(path); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: the key of %s is plain; whoever reads the file is the node\n", path, key.PeerID())
	return err
}

// imported copies a key. The source may be readable by others, as the Python reference leaves its files; the copy is not.
func imported(w *where, out io.Writer, args []string) error {
	path, err := w.path()
	if err != nil {
		return err
	}
	data, err := readSource(args[0])
	if err != nil {
		return &InputError{err}
	}
	passphrase := ""
	var key *identity.Key
	if identity.Sealed(data) {
		if passphrase, err = asker(args[0], w.passphrase)(); err != nil {
			return err
		}
		key, err = identity.Unseal(data, passphrase)
	} else {
		key, err = identity.ParsePEM(data)
	}
	if err != nil {
		if errors.Is(err, identity.ErrPassphrase) {
			return inWords(args[0], err)
		}
		return &InputError{fmt.Errorf("%s is no key of a node: %w", args[0], err)}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := key.SaveNew(path, passphrase); errors.Is(err, fs.ErrExist) {
		return &InputError{fmt.Errorf("%s is a key already: move it away first, it is not replaced", path)}
	} else if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: the key of %s; no other node may run with it at the same time\n", path, key.PeerID())
	return err
}

// maxSource bounds a file that is imported.
const maxSource = 64 << 10

func readSource(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSource))
}

// missing says where a key that is not there would come from.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &InputError{fmt.Errorf("%w: a node makes its key when it starts first, or doin-node key import FILE brings one", err)}
	}
	return err
}
