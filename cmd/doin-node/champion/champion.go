package champion

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/cmd/doin-node/search"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Errors that callers of a Source branch on.
var (
	// ErrNone is returned by Source.Current and Source.ByID where nothing fits.
	ErrNone = errors.New("no champion")
	// ErrMany is returned by Source.ByID for the beginning of several ids.
	ErrMany = errors.New("several champions begin like this")
)

// Champion is a claim that was accepted, or a node's own best that nobody else has verified.
type Champion struct {
	Domain, ID string // the optimae id is the commitment
	Author     string // peer id, "" where it is not known
	Parameters *canon.Object
	Seeds      []uint64
	// Performance is higher-is-better; Digest names every bit that was trained.
	Performance float64
	Digest      string
	Metrics     *canon.Object // of the champion and of the models it was measured beside; nil if they are not told
	// Verified says that a quorum agreed, Solo that the author alone was it.
	Verified, Solo bool
	// Agreement is how far the votes on it may differ.
	Agreement agreement.Agreement
	// Current says that no later champion of the domain is in the chain.
	Current bool
	// Certificate is where it stands in the chain; nil for what no block holds.
	Certificate *Certificate
}

// Certificate is the block that holds an acceptance, and who agreed.
type Certificate struct {
	Height    int64
	Block     string // hash
	Time      timestamp.Time
	Nonce     string
	Anchor    string
	Base      string
	Sums      chain.Sums
	Votes     []*chain.Vote
	Statement *consensus.Statement
}

// Champions returns those of all domains as they became it: the chain's oldest first, then what the node has confirmed itself
// and is better than, or before, anything in the chain.
func (s *Source) Champions(ctx context.Context) ([]Champion, error) {
	var list []Champion
	last := map[string]int{} // by domain
	for from := int64(0); ; {
		blocks, err := s.blocks.read(ctx, from)
		if err != nil {
			return nil, fmt.Errorf("chain: %w", err)
		}
		if len(blocks) == 0 {
			break
		}
		for _, b := range blocks {
			for _, tx := range b.Transactions {
				if tx.Type != consensus.TxAccepted {
					continue
				}
				read := s.accepted
				if s.Genesis.Protocol == chain.Certified {
					read = func(b *chain.Block, tx *chain.Tx) (Champion, error) { return s.certified(ctx, b, tx) }
				}
				c, err := read(b, tx)
				if err != nil {
					return nil, fmt.Errorf("block %d: %w", b.Header.Index, err)
				}
				last[c.Domain] = len(list)
				list = append(list, c)
			}
		}
		from += int64(len(blocks))
	}
	for _, i := range last {
		list[i].Current = true
	}
	return s.withOwn(list, last)
}

// accepted reads a champion out of its acceptance.
func (s *Source) accepted(b *chain.Block, tx *chain.Tx) (Champion, error) {
	st, err := consensus.ParseAcceptance(tx)
	if err != nil {
		return Champion{}, err
	}
	metrics, err := tx.Payload.ObjectOr("champion_metrics", nil)
	if err != nil {
		return Champion{}, err
	}
	return Champion{
		Domain: st.DomainID, ID: st.OptimaeID, Author: st.OptimizerID, Parameters: st.Parameters, Seeds: s.seeds(st.DomainID, st.OptimaeID),
		Performance: st.Claim.Performance, Digest: st.Claim.Digest, Metrics: metrics, Verified: true,
		Agreement: s.agreement(st.DomainID),
		Solo:      len(st.Votes) == 1 && st.Votes[0].EvaluatorID == st.OptimizerID,
		Certificate: &Certificate{Height: b.Header.Index, Block: b.Hash, Time: b.Header.Timestamp, Nonce: st.Nonce, Anchor: st.Anchor,
			Base: st.Base, Sums: st.Claim.Sums, Votes: st.Votes, Statement: st},
	}, nil
}

// seeds are those of a claim.
func (s *Source) seeds(domain, id string) []uint64 {
	d, _ := s.Genesis.Domain(domain)
	return chain.TrainingSeeds(domain, id, max(d.Seeds, 1))
}

func (s *Source) agreement(domain string) agreement.Agreement {
	d, _ := s.Genesis.Domain(domain)
	return d.Agreement
}

// withOwn adds the node's own champions. One of a domain that has one in the chain counts only where nobody else could have
// verified it.
func (s *Source) withOwn(list []Champion, last map[string]int) ([]Champion, error) {
	peer := s.peer()
	alone := len(s.Genesis.Evaluators) == 1 && s.Genesis.Evaluators[0].PeerID == peer
	for _, d := range s.Config.Domains {
		own, err := search.Own(filepath.Join(s.Config.DataDir, "search"), d.ID)
		if err != nil {
			return nil, err
		}
		i, stored := last[d.ID]
		if own == nil || stored && (!alone || own.Performance <= list[i].Performance) {
			continue
		}
		if stored {
			list[i].Current = false
		}
		list = append(list, Champion{Domain: d.ID, ID: own.OptimaeID, Author: peer, Parameters: own.Parameters, Seeds: s.seeds(d.ID, own.OptimaeID),
			Performance: own.Performance, Digest: own.Digest, Metrics: own.Metrics, Current: true, Agreement: s.agreement(d.ID)})
	}
	return list, nil
}

// Current returns what answers for a domain; for "" that of the only one. ErrNone is wrapped with the domains that have one.
func (s *Source) Current(ctx context.Context, domain string) (Champion, error) {
	list, err := s.Champions(ctx)
	if err != nil {
		return Champion{}, err
	}
	var found []Champion
	var names []string
	for _, c := range list {
		if c.Current {
			names = append(names, c.Domain)
		}
		if c.Current && (domain == "" || c.Domain == domain) {
			found = append(found, c)
		}
	}
	slices.Sort(names)
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Champion{}, fmt.Errorf("--domain is needed: there are champions of %s", strings.Join(names, ", "))
	case len(names) == 0:
		return Champion{}, fmt.Errorf("%w yet: nothing has been confirmed", ErrNone)
	}
	return Champion{}, fmt.Errorf("%w of domain %q: there are some of %s", ErrNone, domain, strings.Join(names, ", "))
}

// ByID returns the champion whose id begins so.
func (s *Source) ByID(ctx context.Context, id string) (Champion, error) {
	list, err := s.Champions(ctx)
	if err != nil {
		return Champion{}, err
	}
	var found []Champion
	for _, c := range list {
		if id != "" && strings.HasPrefix(c.ID, id) {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return Champion{}, fmt.Errorf("%w begins with %q: doin-node champions --all lists them", ErrNone, id)
	case 1:
		return found[0], nil
	}
	return Champion{}, fmt.Errorf("%w: %q", ErrMany, id)
}
