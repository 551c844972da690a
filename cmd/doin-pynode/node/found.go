package node

import (
	"fmt"
	"os"
	"path/filepath"

	"doin.network/node/cmd/doin-node/config"
)

// nameChains says of an empty store which chains of Python nodes lie in the data directory, and how they are read: whoever exchanges
// a Python node for this one expects it to go on with its chain.
func (n *Node) nameChains() {
	if height, _ := n.store.Tip(); height > 0 {
		return
	}
	paths := []string{filepath.Join(n.cfg.DataDir, "chain.db"), filepath.Join(n.cfg.DataDir, "chain.json")}
	if path, err := n.cfg.Raw.StringOr("db_path", ""); err == nil && path != "" {
		path, _ = config.Relative(n.cfg.Dir, path)
		paths = append(paths, path)
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		command := fmt.Sprintf("doin-pynode chain import %q --data-dir %q", path, n.cfg.DataDir)
		n.log.Warn("the chain of a Python node lies here, and this node begins without it", "file", path, "to read it, stop this node and run", command)
		n.journal.alert("warning", "chain_file", path+" is not read: "+command)
	}
}
