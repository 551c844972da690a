package optimae

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"doin.network/node/chain"
)

// Kind is what a transaction does.
type Kind uint8

// Kinds of transactions, one byte each in the encoding.
const (
	KindCommit Kind = 1 + iota
	KindReveal
	KindVote
	KindRefuse
	KindAbstain
	KindOpen
	KindRegister
	KindLeave
	KindReturn
	KindFill
	KindTwoBlocks
	KindTwoVotes
	KindUnseal
	KindAppeal
)

// A Tx is a transaction whose author has been proved: its signature is checked before the rules see it.
type Tx struct {
	From string // peer id
	Kind Kind
	Body []byte
}

// Commit promises a recipe. Without a deposit it carries a Stamp.
type Commit struct {
	Domain     string
	Commitment ID
	Slot       int64 // in which it was signed: see TxLife
	Stamped    bool
	Stamp      Stamp // only if Stamped
}

func (m *Commit) code(c *codec) {
	c.text(&m.Domain, maxName)
	c.fixed(m.Commitment[:])
	c.integer(&m.Slot)
	c.truth(&m.Stamped)
	if m.Stamped {
		c.integer(&m.Stamp.Height)
		c.integer(&m.Stamp.Nonce)
	}
}

// Reveal publishes what was promised: the recipe's canonical JSON and the nonce, which begins with the author's id.
type Reveal struct {
	Commitment    ID
	Recipe, Nonce string
}

func (m *Reveal) code(c *codec) {
	c.fixed(m.Commitment[:])
	c.text(&m.Recipe, maxRecipe)
	c.text(&m.Nonce, maxNonce)
}

// Vote is a member's finding, hidden in Hash (see VoteHash), and its scores on synthetic data, not negative.
type Vote struct {
	Commitment, Draw, Hash ID
	Score, Incumbent       float64
}

func (m *Vote) code(c *codec) {
	for _, v := range []*ID{&m.Commitment, &m.Draw, &m.Hash} {
		c.fixed(v[:])
	}
	c.finite(&m.Score)
	c.finite(&m.Incumbent)
	if m.Score < 0 || m.Incumbent < 0 {
		c.fail("a negative error")
	}
}

// Refuse is a member's vote that the recipe is beyond a limit of the genesis file, which it names.
type Refuse struct {
	Commitment, Draw ID
	Limit            string
}

func (m *Refuse) code(c *codec) {
	c.fixed(m.Commitment[:])
	c.fixed(m.Draw[:])
	c.text(&m.Limit, maxName)
}

// Abstain is a member's final word that it will not vote.
type Abstain struct{ Commitment, Draw ID }

func (m *Abstain) code(c *codec) { c.fixed(m.Commitment[:]); c.fixed(m.Draw[:]) }

// Finding is what a re-run of a claim gives.
type Finding struct {
	Digest      ID
	Performance float64
	Sums        chain.Sums
}

// Open says what votes hide.
type Open struct {
	Commitment, Draw ID
	Finding          Finding
}

func (m *Open) code(c *codec) {
	c.fixed(m.Commitment[:])
	c.fixed(m.Draw[:])
	c.fixed(m.Finding.Digest[:])
	c.finite(&m.Finding.Performance)
	c.sums(&m.Finding.Sums)
}

// Register locks a stake and names domains, ascending and each once. Slot is that in which it was signed, here as below: see TxLife.
type Register struct {
	Domains []string
	Slot    int64
}

func (m *Register) code(c *codec) {
	c.texts(&m.Domains, 32, maxName)
	c.integer(&m.Slot)
	for i := range m.Domains {
		if i > 0 && m.Domains[i-1] >= m.Domains[i] {
			c.fail("domains out of order")
		}
	}
	if len(m.Domains) == 0 {
		c.fail("no domain")
	}
}

// Leave gives the registration up.
type Leave struct{ Slot int64 }

func (m *Leave) code(c *codec) { c.integer(&m.Slot) }

// Return ends an absence.
type Return struct{ Slot int64 }

func (m *Return) code(c *codec) { c.integer(&m.Slot) }

// Fill makes a stake whole again from the balance.
type Fill struct{ Slot int64 }

func (m *Fill) code(c *codec) { c.integer(&m.Slot) }

// Body is what a transaction says: one of the types above, by pointer.
type Body interface{ record }

// NewTx returns the transaction of a body.
func NewTx(from string, body Body) Tx {
	kinds := map[string]Kind{"*optimae.Commit": KindCommit, "*optimae.Reveal": KindReveal, "*optimae.Vote": KindVote,
		"*optimae.Refuse": KindRefuse, "*optimae.Abstain": KindAbstain, "*optimae.Open": KindOpen, "*optimae.Register": KindRegister,
		"*optimae.Leave": KindLeave, "*optimae.Return": KindReturn, "*optimae.Fill": KindFill,
		"*optimae.TwoBlocks": KindTwoBlocks, "*optimae.TwoVotes": KindTwoVotes, "*optimae.Unseal": KindUnseal, "*optimae.Appeal": KindAppeal}
	return Tx{from, kinds[fmt.Sprintf("%T", body)], encode(body)}
}

// Parse returns the body of a transaction: one of the types above, by pointer. The error matches ErrFormat.
func (x Tx) Parse() (any, error) {
	body := x.Kind.body()
	if body == nil {
		return nil, fmt.Errorf("%w: kind %d", ErrFormat, x.Kind)
	}
	if err := decode(x.Body, body); err != nil {
		return nil, fmt.Errorf("%v: %w", x.Kind, err)
	}
	return body, nil
}

// body returns an empty body of a kind, nil for one that is unknown.
func (k Kind) body() record {
	switch k {
	case KindCommit:
		return new(Commit)
	case KindReveal:
		return new(Reveal)
	case KindVote:
		return new(Vote)
	case KindRefuse:
		return new(Refuse)
	case KindAbstain:
		return new(Abstain)
	case KindOpen:
		return new(Open)
	case KindRegister:
		return new(Register)
	case KindLeave:
		return new(Leave)
	case KindReturn:
		return new(Return)
	case KindFill:
		return new(Fill)
	case KindTwoBlocks:
		return new(TwoBlocks)
	case KindTwoVotes:
		return new(TwoVotes)
	case KindUnseal:
		return new(Unseal)
	case KindAppeal:
		return new(Appeal)
	}
	return nil
}

// preimage begins every hash of the rules: "doin/2\n" kind "\n" network "\n".
func preimage(kind, network string) []byte { return []byte("doin/2\n" + kind + "\n" + network + "\n") }

// Commitment is SHA-256(recipe ":" nonce): chain.Commitment over text that is canonical already.
func Commitment(recipe, nonce string) ID { return sha256.Sum256([]byte(recipe + ":" + nonce)) }

// VoteHash is what a member's vote publishes of its finding: SHA-256 over the pre-image of kind "optimae-vote", commitment, hash
// of the draw's block, length of the member's id in two bytes and the id, digest, performance, S1, n and S2 as in an Open.
func (r *Rules) VoteHash(commitment, draw ID, member string, f Finding) ID {
	c := &codec{b: preimage("optimae-vote", r.Network)}
	c.fixed(commitment[:])
	c.fixed(draw[:])
	c.text(&member, maxName)
	c.fixed(f.Digest[:])
	c.finite(&f.Performance)
	c.sums(&f.Sums)
	return sha256.Sum256(c.b)
}

// Seed is the seed of member i of a claim's ensemble: the first eight bytes, little-endian, of the SHA-256 over the pre-image of
// kind "seed", commitment, beacon of the draw and i in eight bytes. It is below 2⁶⁴; nobody knows it before the draw.
func (r *Rules) Seed(commitment, beacon ID, i int) uint64 {
	b := append(append(preimage("seed", r.Network), commitment[:]...), beacon[:]...)
	hash := sha256.Sum256(binary.BigEndian.AppendUint64(b, uint64(i)))
	return binary.LittleEndian.Uint64(hash[:])
}

// A Stamp pays for a commit by work: see Rules.StampHash.
type Stamp struct{ Height, Nonce int64 }

// StampHash is what must begin with zero bits: SHA-256 over the pre-image of kind "stamp", commitment, hash of the block named,
// length and text of the author's id, and the nonce.
func (r *Rules) StampHash(commitment, block ID, author string, nonce int64) ID {
	c := &codec{b: preimage("stamp", r.Network)}
	c.fixed(commitment[:])
	c.fixed(block[:])
	c.text(&author, maxName)
	c.integer(&nonce)
	return sha256.Sum256(c.b)
}

// String is for people.
func (k Kind) String() string {
	names := [...]string{"?", "commit", "reveal", "vote", "refuse", "abstain", "open", "register", "leave", "return", "fill", "two blocks", "two votes",
		"unseal", "appeal"}
	return names[k%Kind(len(names))]
}

func short(id ID) string { return hex.EncodeToString(id[:4]) }
