// Package recovery is a node's recovery file (chain/application.Recoveries), which lies in its data directory where its network had to go on
// with other evaluators.
package recovery

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"doin.network/node/chain/application"
)

// Name is the name of a node's recovery file in its data directory.
const Name = "recovery.json"

// Read reads the recovery file of a data directory, nil without one.
func Read(dir string) (*application.Recoveries, error) {
	path := filepath.Join(dir, Name)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	file, err := application.ParseRecoveries(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// ID is what stands in the signatures of a network: its id, or what the recovery file of a data directory has made of it.
func ID(network, dir string) (string, error) {
	file, err := Read(dir)
	if file == nil || err != nil {
		return network, err
	}
	if file.Network != network {
		return "", fmt.Errorf("%s: of network %.12s, the genesis file is of %.12s", filepath.Join(dir, Name), file.Network, network)
	}
	return file.ID(), nil
}
