package optimae

import (
	"encoding/binary"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/streamlet"
)

// ID is a SHA-256 hash.
type ID = streamlet.ID

// Bounds of what records and bodies hold.
const (
	maxName    = 128    // bytes of a domain's or peer's name
	maxMembers = 63     // of a draw
	maxRecipe  = 32_768 // bytes of a recipe's canonical JSON
	maxNonce   = 192    // bytes of a nonce
)

// Totals are what the chain counts over all domains. Balances + Escrow + Stakes is the supply: what the book has minted less
// what it has burned.
type Totals struct {
	Height, Slot                int64
	Escrow, Stakes              int64
	Commits                     int64 // ever taken: numbers claims
	PoolFirst, PoolNext, Pooled int64 // queue of settled claims and the sum of what they still have to be paid for
	Paid                        int64 // paying blocks so far
	Controller                  consensus.Difficulty
	Stamped                     [stampWindow]uint8 // stamped commits of block h at h mod 64
	Pending                     int64              // height of the last change of the electorate, 0 if it is final
	Electors                    int64              // of the electorate
}

func (t *Totals) code(c *codec) {
	d := &t.Controller
	for _, v := range []*int64{&t.Height, &t.Slot, &t.Escrow, &t.Stakes, &t.Commits, &t.PoolFirst, &t.PoolNext,
		&t.Pooled, &t.Paid, &d.Threshold, &d.EMA, &d.Last, &d.EpochStart, &d.InEpoch, &d.Adjustments, &t.Pending,
		&t.Electors} {
		c.integer(v)
	}
	c.fixed(t.Stamped[:])
}

// A Domain is what the chain knows of one: its provisional champion, and the best of what has settled.
type Domain struct {
	HasBest, HasSettled bool
	Best, Settled       float64
	Champion            ID // commitment
	Open, OpenStamped   int64
}

func (d *Domain) code(c *codec) {
	c.truth(&d.HasBest)
	c.truth(&d.HasSettled)
	c.finite(&d.Best)
	c.finite(&d.Settled)
	c.fixed(d.Champion[:])
	c.integer(&d.Open)
	c.integer(&d.OpenStamped)
}

// Phases of a claim.
const (
	waiting uint8 = iota // for its draw and its reveal
	voting
	opening
	decided // accepted or overtaken, not yet settled
)

// A Claim is a commit that is not yet over.
type Claim struct {
	Commitment, Recipe, DrawHash, Beacon, BaseClaim, Digest ID
	Author, Domain                                          string
	Height, Seq, Deposit                                    int64
	DrawFrom, DrawHeight                                    int64 // the draw counts builders after DrawFrom; DrawHeight is 0 before it
	Begun                                                   int64 // slot in which the window that is open began, 0 without
	DecidedHeight, DecidedSlot                              int64
	Phase, Round, Past                                      uint8 // Past: blocks past the window's end
	Stamped, Revealed, Solo, All, HasBase, Over             bool  // All: nobody was left out of the members; Over: overtaken
	Base, Performance                                       float64
	Sums                                                    chain.Sums
	Builders, Members                                       []string
	Beside                                                  []string // vote too, uncounted
	Voters                                                  []string // whose votes decided it
	Result                                                  uint8    // once it is decided: a Result
	HadBefore                                               bool     // champion before it, of an accepted one
	BestBefore                                              float64
	ChampionBefore                                          ID
	Appeal                                                  appeal
	Evaluators                                              int64 // of the domain at the draw, the author among them
}

func (m *Claim) code(c *codec) {
	for _, v := range []*ID{&m.Commitment, &m.Recipe, &m.DrawHash, &m.Beacon, &m.BaseClaim, &m.Digest} {
		c.fixed(v[:])
	}
	c.text(&m.Author, maxName)
	c.text(&m.Domain, maxName)
	for _, v := range []*int64{&m.Height, &m.Seq, &m.Deposit, &m.DrawFrom, &m.DrawHeight, &m.Begun, &m.DecidedHeight, &m.DecidedSlot, &m.Evaluators} {
		c.integer(v)
	}
	c.small(&m.Phase, decided)
	c.small(&m.Round, 1)
	c.small(&m.Past, 3)
	for _, v := range []*bool{&m.Stamped, &m.Revealed, &m.Solo, &m.All, &m.HasBase, &m.Over} {
		c.truth(v)
	}
	c.finite(&m.Base)
	c.finite(&m.Performance)
	c.sums(&m.Sums)
	c.texts(&m.Builders, drawBuilders, maxName)
	c.texts(&m.Members, maxMembers, maxName)
	c.texts(&m.Beside, besideMembers, maxName)
	c.texts(&m.Voters, maxMembers, maxName)
	c.small(&m.Result, uint8(Refused))
	c.truth(&m.HadBefore)
	c.finite(&m.BestBefore)
	c.fixed(m.ChampionBefore[:])
	m.Appeal.code(c)
}

// index finds a claim by its commitment, and says that a commitment has been used.
type index struct {
	Domain string
	Seq    int64
}

func (x *index) code(c *codec) { c.text(&x.Domain, maxName); c.integer(&x.Seq) }

// published is a recipe's earliest reveal by commit order.
type published struct{ Seq, Slot int64 }

func (p *published) code(c *codec) { c.integer(&p.Seq); c.integer(&p.Slot) }

// passed is a block that stamps may name.
type passed struct{ hash ID }

func (p *passed) code(c *codec) { c.fixed(p.hash[:]) }

// A share is a settled claim in the pool: what of its increment has not been paid.
type share struct {
	Author string
	Voters []string
	Left   int64
}

func (s *share) code(c *codec) {
	c.text(&s.Author, maxName)
	c.texts(&s.Voters, maxMembers, maxName)
	c.integer(&s.Left)
}

func number(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }

func totalsKey() []byte                    { return key('g') }
func peerKey(peer string) []byte           { return key('p', []byte(peer)) }
func domainKey(id string) []byte           { return key('d', []byte(id)) }
func indexKey(c ID) []byte                 { return key('i', c[:]) }
func recipeKey(domain string, r ID) []byte { return key('r', r[:], []byte(domain)) }
func blockKey(height int64) []byte         { return key('b', number(height)) }
func poolKey(n int64) []byte               { return key('q', number(n)) }
func votesKey(c ID) []byte                 { return key('v', c[:]) }
func standingKey(peer string) []byte       { return key('u', []byte(peer)) }
func seenKey(peer string) []byte           { return key('t', []byte(peer)) }
func waitKey(peer string) []byte           { return key('w', []byte(peer)) }
func voteKey(c ID, peer string) []byte     { return key('v', c[:], []byte(peer)) }

func electedKey(domain, peer string) []byte {
	return key('e', size(domain), []byte(domain), []byte(peer))
}
func besideKey(domain, peer string) []byte {
	return key('z', size(domain), []byte(domain), []byte(peer))
}

// dueKey is when to look for a peer's absence, refundKey when its stake is due.
func dueKey(height int64, peer string) []byte  { return key('y', number(height), []byte(peer)) }
func refundKey(slot int64, peer string) []byte { return key('l', number(slot), []byte(peer)) }

// size is the length of a name in a key, so that no name begins another.
func size(name string) []byte { return binary.BigEndian.AppendUint16(nil, uint16(len(name))) }

// claimKey orders claims by the commit.
func claimKey(seq int64) []byte { return key('c', number(seq)) }
