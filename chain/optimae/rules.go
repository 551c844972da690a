package optimae

import (
	"maps"
	"slices"

	"doin.network/node/chain/account"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/ledger"
)

// Numbers of the rules. Slots unless said otherwise.
const (
	RevealWindow  = 60
	OpeningWindow = 30
	AppealWindow  = 150 // at least; verify_window if that is longer
	LeaveAfter    = 43_200
	// duplicateGrace is how long before its commit a recipe may have been published by somebody else without the author's paying for it.
	duplicateGrace  = 64
	drawBuilders    = 8
	drawBound       = 24 // blocks
	wholeDraw       = 16 // evaluators of a domain up to which all others are members
	drawnMembers    = 15
	maxOpen         = 4 // claims of a domain
	maxStamped      = 1
	stampWindow     = 64 // blocks
	stampFree       = 8  // stamped commits in it that harden nothing
	pastBlocks      = 3  // a window closes with the third block past its end
	depositShare    = 40_000
	votersShare     = 300_000
	reputationMost  = 20 * consensus.Micro
	agreed          = 400_000
	improved        = consensus.Micro // an author's, whose claim is accepted or overtaken
	besideMembers   = 2
	contradicted    = 2 * consensus.Micro
	genesisStanding = 10 * consensus.Micro
	// maxPool is a share of the pool at most: a whole unit of increment under the largest weight.
	maxPool = 1_000 * consensus.Micro
)

// Rules are a network's constants.
type Rules struct {
	Network          string // network id, bound by every hash
	TargetTime       int64  // µs between paying blocks
	SlotTime         int64  // µs
	InitialThreshold int64
	QuorumMin        int // 0: 1 up to 3 evaluators of the domain, else 2
	Tolerance        int64
	Solo             bool
	StampBits        int // leading zero bits of a stamp while few are made
	Domains          map[string]DomainRules
	Keys             Keys // nil: offences cannot be proved
}

// DomainRules are the constants of one domain.
type DomainRules struct {
	consensus.DomainRules
	VerifyWindow int64   // slots
	Radius       float64 // in which results agree; 0: they are equal, and Open says them
	Possible     int64   // the largest increment that one claim is paid for, 10⁻⁶ of performance_scale
}

// reward is what the next paying block gives at most.
func (b *Block) reward() int64 {
	return min(ledger.Reward(b.t.Paid+1), ledger.MaxSupply-b.book.Minted())
}

// Deposit is what a commit puts down now: 4 % of a block reward.
func Deposit(t *Totals) int64 { return part(ledger.Reward(t.Paid+1), depositShare) }

// Stake is what an evaluator locks to register now: 10 block rewards.
func Stake(t *Totals) int64 { return 10 * ledger.Reward(t.Paid+1) }

// part is ⌊v·share/10⁶⌋ for v up to the supply.
func part(v, share int64) int64 { return consensus.MulDiv(v, share, consensus.Micro) }

// thirds is ⌈2k/3⌉.
func thirds(k int) int { return (2*k + 2) / 3 }

// Genesis writes what the network begins with: evaluators with their stake, minted, and balances. The start is in µs. An error says
// that a peer is none, or that there would be more money than there can be.
func (r *Rules) Genesis(s State, start int64, evaluators map[string][]string, balances map[string]int64) error {
	t := &Totals{Controller: consensus.NewDifficulty(r.InitialThreshold, r.TargetTime, start)}
	book := account.Open(s, 0, 0)
	stake := Stake(t)
	for _, peer := range slices.Sorted(maps.Keys(evaluators)) {
		domains := evaluators[peer]
		if _, err := account.ParseID(peer); err != nil {
			return err
		}
		if !book.Mint(stake) {
			return refuse("stakes beyond the supply")
		}
		savePeer(s, peer, &Peer{Domains: domains, Missed: make([]byte, len(domains)), Stake: stake, Full: stake, Reached: true, Elected: true})
		save(s, standingKey(peer), &standing{Score: genesisStanding})
		watch(s, peer, 0)
		t.Electors++
		t.Stakes += stake
	}
	for _, peer := range slices.Sorted(maps.Keys(balances)) {
		id, err := account.ParseID(peer)
		if err != nil {
			return err
		}
		if units := balances[peer]; units <= 0 || !book.Mint(units) {
			return refuse("a balance of %d", units)
		}
		book.Pay(id, balances[peer])
	}
	for id := range r.Domains {
		save(s, domainKey(id), &Domain{})
	}
	save(s, totalsKey(), t)
	return book.Close()
}
