package application

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"doin.network/node/chain/account"
	"doin.network/node/chain/light"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/state"
	"doin.network/node/chain/streamlet"
	"doin.network/node/internal/canon"
)

// A Recovery is what the operators of a network that stopped for good have agreed on: the block that the network goes on from, and who
// signs from then on. That block is final because they say so; what stood above it is given up. Each recovery gives the network another
// id in every signature, so that nothing that was signed before counts again: no promise is broken by signing anew.
type Recovery struct {
	Height     int64    `json:"height"`
	Block      string   `json:"block"` // its id in hex
	Slot       int64    `json:"slot"`  // the block's
	Evaluators []string `json:"evaluators"`
	// Nonce is 16 random bytes in hex: one who makes the same recovery again has another, in which its key has signed nothing.
	Nonce string `json:"nonce"`
}

// nonceDigits is the length of a recovery's nonce.
const nonceDigits = 32

// Recoveries is a recovery file: those of one network, oldest first. Operators hand it round like a genesis file.
type Recoveries struct {
	Network string     `json:"network_id"` // the genesis file's
	List    []Recovery `json:"recoveries"`
}

// Bounds of a recovery file.
const (
	maxRecovery   = 8 << 20
	maxRecoveries = 256
)

// ErrRecovery is matched by the error for a recovery file that is none, for one of another network, and for a block that is not the one
// that the network goes on from.
var ErrRecovery = errors.New("application: recovery")

// ParseRecoveries reads a recovery file. Members are all there and none is unknown.
func ParseRecoveries(data []byte) (*Recoveries, error) {
	if len(data) > maxRecovery {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrRecovery, len(data), maxRecovery)
	}
	if _, err := canon.ParseObject(data); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecovery, err)
	}
	r := new(Recoveries)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecovery, err)
	}
	return r, r.validate()
}

func (r *Recoveries) validate() error {
	if len(r.List) < 1 || len(r.List) > maxRecoveries {
		return fmt.Errorf("%w: %d recoveries: must be from 1 to %d", ErrRecovery, len(r.List), maxRecoveries)
	}
	before := Recovery{Slot: -1}
	for i, x := range r.List {
		id, err := hex.DecodeString(x.Block)
		switch {
		case err != nil || len(id) != len(ID{}) || x.Block != hex.EncodeToString(id):
			return fmt.Errorf("%w %d: block %.70q: must be 64 lower-case hex digits", ErrRecovery, i, x.Block)
		case len(x.Nonce) != nonceDigits || strings.Trim(x.Nonce, "0123456789abcdef") != "":
			return fmt.Errorf("%w %d: nonce %.40q: must be %d lower-case hex digits", ErrRecovery, i, x.Nonce, nonceDigits)
		case x.Height < 1 || x.Height <= before.Height && i > 0 || x.Slot <= before.Slot:
			return fmt.Errorf("%w %d: height %d and slot %d: must be above those before", ErrRecovery, i, x.Height, x.Slot)
		case len(x.Evaluators) < 1 || len(x.Evaluators) > light.MaxPeers:
			return fmt.Errorf("%w %d: %d evaluators: must be from 1 to %d", ErrRecovery, i, len(x.Evaluators), light.MaxPeers)
		case !slices.IsSorted(x.Evaluators) || len(slices.Compact(slices.Clone(x.Evaluators))) != len(x.Evaluators):
			return fmt.Errorf("%w %d: evaluators: must be ascending, each once", ErrRecovery, i)
		}
		for _, peer := range x.Evaluators {
			if _, err := account.ParseID(peer); err != nil {
				return fmt.Errorf("%w %d: evaluator %.50q: %w", ErrRecovery, i, peer, err)
			}
		}
		before = x
	}
	return nil
}

// Encode is the file.
func (r *Recoveries) Encode() []byte {
	list := make([]any, len(r.List))
	for i := range r.List {
		list[i] = r.List[i].object()
	}
	return append(canon.AppendIndent(nil, canon.NewObject("network_id", r.Network, "recoveries", list)), '\n')
}

func (x *Recovery) object() *canon.Object {
	peers := make([]any, len(x.Evaluators))
	for i, p := range x.Evaluators {
		peers[i] = p
	}
	return canon.NewObject("height", x.Height, "block", x.Block, "slot", x.Slot, "evaluators", peers, "nonce", x.Nonce)
}

// ID is what stands in signatures behind the last recovery of the file: what operators compare.
func (r *Recoveries) ID() string {
	id := r.Network
	for i := range r.List {
		id = r.List[i].next(id)
	}
	return id
}

// next is a network's id after a recovery: SHA-256 of the canonical JSON of {network_id: the id before, height, block, slot, evaluators, nonce}.
func (x *Recovery) next(network string) string {
	return canon.Hash(x.object().Set("network_id", network))
}

// An era is the time from one recovery to the next.
type era struct {
	Recovery        // the zero value: from block 0 on
	id       string // the network's, in every signature of a later slot
}

// Recover returns the machine of a network that has been recovered. The file must be of this network, in its first era.
func (n *Network) Recover(r *Recoveries) (*Network, error) {
	if r == nil {
		return n, nil
	}
	if err := r.validate(); err != nil {
		return nil, err
	}
	if r.Network != n.genesis.NetworkID() || len(n.eras) > 1 {
		return nil, fmt.Errorf("%w: of network %.12s, this is %.12s", ErrRecovery, r.Network, n.genesis.NetworkID())
	}
	out := *n
	out.eras = slices.Clone(n.eras)
	for _, x := range r.List {
		out.eras = append(out.eras, era{x, x.next(out.ID())})
	}
	return &out, nil
}

// ID is what stands in signatures now: the network id, or what the last recovery has made of it.
func (n *Network) ID() string { return n.eras[len(n.eras)-1].id }

// NetworkID is the genesis file's, which names the network whatever happens to it.
func (n *Network) NetworkID() string { return n.genesis.NetworkID() }

// Recoveries is how many recoveries the network has had.
func (n *Network) Recoveries() int { return len(n.eras) - 1 }

// Recovered is the last recovery, nil for none.
func (n *Network) Recovered() *Recovery {
	if len(n.eras) == 1 {
		return nil
	}
	return &n.eras[len(n.eras)-1].Recovery
}

// idOf is what stands in signatures of a slot.
func (n *Network) idOf(slot int64) string {
	for i := len(n.eras) - 1; i > 0; i-- {
		if slot > n.eras[i].Slot {
			return n.eras[i].id
		}
	}
	return n.eras[0].id
}

// recovery is what begins with a block of a height, nil for nothing. The error is for another block than the one that was named.
func (n *Network) recovery(height int64, id ID, slot int64) (*Recovery, error) {
	for i := range n.eras[1:] {
		x := &n.eras[i+1].Recovery
		if x.Height != height {
			continue
		}
		if x.Block != hex.EncodeToString(id[:]) || x.Slot != slot {
			return nil, fmt.Errorf("%w: block %d is %x of slot %d, the network goes on from %s of slot %d", ErrRecovery, height, id, slot, x.Block, x.Slot)
		}
		return x, nil
	}
	return nil, nil
}

// Recover is the state that the network goes on from after the block of the state: the evaluators named sign, whoever else did is absent.
// All of them must be registered, and neither be leaving nor have been put out.
func (s *State) Recover(x *Recovery) (*State, error) {
	out := *s
	out.Tree = s.Tree.Copy()
	d := state.NewDraft(out.Tree)
	if err := optimae.Recover(d, s.Height, s.Slot, x.Evaluators); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecovery, err)
	}
	d.Put(light.ElectorateKey(), light.AppendElectorate(nil, streamlet.NewElectorate(x.Evaluators...)))
	if err := d.Err(); err != nil {
		return nil, err
	}
	out.Root = out.Tree.Root()
	return &out, nil
}
