package search

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"doin.network/node/chain/protocol"
)

// Own returns the champion that a node had confirmed itself in a domain when its search last wrote its state to dir, which
// it does every few seconds; nil where there is none. It says nothing of who the node is, and reads beside a running one.
func Own(dir, domain string) (*protocol.Champion, error) {
	path := (&Search{cfg: Config{Dir: dir, Domain: domain}}).path()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFileBytes {
		return nil, fmt.Errorf("%s: %w: %d bytes", path, errDamaged, info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	k, _, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	o := k.Own
	if o == nil || o.Parameters.Object == nil {
		return nil, nil
	}
	return &protocol.Champion{Domain: domain, OptimaeID: o.OptimaeID, Recipe: protocol.Recipe{Parameters: o.Parameters.Object, Seeds: o.Seeds},
		Performance: o.Performance, Digest: o.Digest, Sums: o.Sums, Metrics: o.Metrics.Object}, nil
}
