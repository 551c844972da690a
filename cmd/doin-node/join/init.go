package join

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/keys"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/internal/canon"
)

// ConfigName is the file of a data directory that holds its node's configuration.
const ConfigName = "node.json"

// DefaultDir is the data directory where nobody names one.
const DefaultDir = "doin-data"

// Init makes a data directory with a key and a configuration, as far as there are none, and says what it made and what comes next.
// command is how the program was called.
func Init(dir, command string, out io.Writer) error {
	if dir == "" {
		dir = DefaultDir
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	keyFile, configFile := filepath.Join(dir, "identity.json"), filepath.Join(dir, ConfigName)
	made := func(path string) string {
		if _, err := os.Lstat(path); err == nil {
			return "there already"
		}
		return "made"
	}
	keyMade, configMade := made(keyFile), made(configFile)
	cfg := config.DefaultConfig()
	cfg.DataDir, cfg.IdentityFile = dir, keyFile
	key, err := keys.OpenOrCreate(&cfg)
	if err != nil {
		return err
	}
	if configMade == "made" {
		if err := writeConfig(configFile, plainConfig()); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "%s: the key of node %s, %s\n%s: its configuration, %s\n", keyFile, key.PeerID(), keyMade, configFile, configMade)
	_, err = fmt.Fprintf(out, "\nnext, to join a network:  %s join HOST:PORT --data-dir %s\n"+
		"or, to make one:          %s new FILE, then %s genesis --config FILE.json --wait N\n", command, dir, command, command)
	return err
}

// plainConfig is the configuration of a node that has no network yet.
func plainConfig() *canon.Object {
	return canon.NewObject("$doc", "A node without a network: doin-node join HOST:PORT adds one. Paths are relative to this file.",
		"format", config.CurrentFormat, "data_dir", ".", "host", "0.0.0.0", "port", 8470)
}

func writeConfig(path string, o *canon.Object) error {
	text := append(canon.AppendIndent(nil, o), '\n')
	if _, _, err := config.Parse(path, text); err != nil {
		return fmt.Errorf("the configuration made: %w", err)
	}
	return stack.WriteFile(path, text)
}

// readConfig returns the object of a configuration file, its comments included, or nil if there is no file.
func readConfig(path string) (*canon.Object, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, _, err := config.Parse(path, data); err != nil {
		return nil, err
	}
	return canon.ParseObject(data)
}
