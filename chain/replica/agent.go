package replica

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/optimae"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// agent is what the node does about claims, by what it sees in the best block's state.
type agent struct {
	m     *Machine
	moved bool // something has changed that the agent has not looked at

	recipes   map[[32]byte]recipe // of reveals, by the hash of their text
	runs      map[draw]*run
	proposals map[string][]*proposal // by domain, oldest first
	own       map[string]*protocol.Champion
	champions map[application.ID]*protocol.Champion // the chain's, by commitment
	crowned   []application.ID                      // the same, oldest first
	metrics   map[application.ID]*canon.Object      // of runs, by commitment

	told       map[string]told
	toldAt     application.ID // the final block of then
	toldSynced bool
	ownTold    string

	jobs     map[int64]*job
	last     int64 // job
	queue    []*job
	running  int   // verifications
	returned int64 // slot in which the node last said that it is back, or registered
}

// recipe is what a reveal has shown, in a block of some height.
type recipe struct {
	text, nonce string
	height      int64
}

// draw names what is to be re-run: a claim by the seeds of one draw.
type draw struct{ commitment, block application.ID }

// run is a re-run of somebody's claim, and the vote that came of it.
type run struct {
	domain  string
	vote    *application.Tx // nil before there is one
	finding *optimae.Finding
	unseal  *optimae.Unseal // in a domain whose results agree within a radius
	asked   bool
	opened  bool
	tries   int
	// check is whether nobody asked for it: what is found is held against the outcome, and no vote.
	check    bool
	appealed bool
}

// job is a training under way.
type job struct {
	own    *proposal // nil: a re-run
	draw   draw
	effect protocol.Evaluate
	author string
}

// told is what the last Champion of a domain said.
type told struct {
	id             string
	verified, solo bool
}

// mostTries is how often a re-run that fails here for no fault of the recipe is begun again.
const mostTries = 3

func newAgent(m *Machine) *agent {
	return &agent{m: m, recipes: map[[32]byte]recipe{}, runs: map[draw]*run{}, proposals: map[string][]*proposal{}, own: map[string]*protocol.Champion{},
		champions: map[application.ID]*protocol.Champion{}, metrics: map[application.ID]*canon.Object{}, told: map[string]told{}, jobs: map[int64]*job{}}
}

// remember keeps the recipes that a block reveals.
func (a *agent) remember(w *application.Wire) {
	for _, tx := range w.Txs {
		if tx.Kind != optimae.KindReveal {
			continue
		}
		if body, err := (optimae.Tx{Kind: tx.Kind, Body: tx.Body}).Parse(); err == nil {
			r := body.(*optimae.Reveal)
			hash := sha256.Sum256([]byte(r.Recipe))
			a.recipes[hash] = recipe{r.Recipe, r.Nonce, w.Height}
			a.m.note(recipeNote(hash), encodeRecipe(a.recipes[hash]))
		}
	}
}

// look does what a state asks of the node.
func (a *agent) look(s *application.State) {
	d := s.Draft()
	open := optimae.OpenClaims(d)
	for _, c := range open {
		switch {
		case c.Waits() && c.Author == a.m.peer:
			a.reveal(c)
		case c.Votes() && (slices.Contains(c.Members, a.m.peer) || slices.Contains(c.Beside, a.m.peer)):
			a.verify(d, c, draw{c.Commitment, c.DrawHash}, c.Commitment)
		case c.Opens():
			a.open(draw{c.Commitment, c.DrawHash})
		case c.Appealable():
			a.check(d, c)
		case c.Judged() && slices.Contains(c.Appeal.Jury, a.m.peer):
			a.judge(d, c)
		case c.JuryOpens():
			a.open(draw{c.Commitment, c.Appeal.Draw})
		}
	}
	a.prune(open)
	a.advance(d)
	a.stand(d)
	a.start()
}

// prune forgets re-runs of draws that are over.
func (a *agent) prune(open []*optimae.Claim) {
	drawn := map[draw]bool{}
	for _, c := range open {
		drawn[draw{c.Commitment, c.DrawHash}], drawn[draw{c.Commitment, c.Appeal.Draw}] = true, true
	}
	for at, r := range a.runs {
		if drawn[at] || a.under(at) {
			continue
		}
		if r.vote != nil {
			a.m.note(voteNote(at), nil)
		}
		delete(a.runs, at)
	}
}

// forget forgets the recipes of claims that are over in a state from which a start is to go on, and returns their notes: a start from
// an earlier state would miss them, so they go when that state comes.
func (a *agent) forget(s *application.State) (gone []protocol.Note) {
	named := map[[32]byte]bool{}
	for _, c := range optimae.OpenClaims(s.Draft()) {
		named[c.Recipe] = true
	}
	for hash, r := range a.recipes {
		if !named[hash] && r.height <= s.Height {
			delete(a.recipes, hash)
			gone = append(gone, protocol.Note{Name: recipeNote(hash)})
		}
	}
	return gone
}

// under reports whether a re-run is under way.
func (a *agent) under(at draw) bool {
	for _, j := range a.jobs {
		if j.own == nil && j.draw == at {
			return true
		}
	}
	return slices.ContainsFunc(a.queue, func(j *job) bool { return j.draw == at })
}

// verify has a claim re-run with the seeds of its draw for who was drawn by it or, as a jury, later, or says once more what was found. Votes is
// the name that the votes are under.
func (a *agent) verify(d optimae.State, c *optimae.Claim, at draw, votes application.ID) {
	r := a.runs[at]
	if r == nil {
		r = &run{domain: c.Domain}
		a.runs[at] = r
	}
	if optimae.HasVoted(d, votes, a.m.peer) {
		return
	}
	if r.vote != nil {
		a.m.offer(r.vote)
		return
	}
	if r.asked {
		return
	}
	r.asked = true
	effect, err := a.rerun(d, c)
	switch {
	case err != nil:
		a.vote(at, r, &optimae.Abstain{Commitment: at.commitment, Draw: at.block})
		a.m.notice(true, "abstaining from a vote", "domain", c.Domain, "optimae", short(c.Commitment), "err", err)
	default:
		a.queue = append(a.queue, &job{draw: at, effect: effect, author: c.Author})
	}
}

// rerun is the training that verifies a claim.
func (a *agent) rerun(d optimae.State, c *optimae.Claim) (protocol.Evaluate, error) {
	e := protocol.Evaluate{Domain: c.Domain}
	if !a.m.cfg.Domains[c.Domain].Evaluate {
		return e, errors.New("this node does not evaluate the domain")
	}
	text, ok := a.recipes[c.Recipe]
	if !ok {
		return e, errors.New("its recipe is not known here")
	}
	o, err := canon.ParseObject([]byte(text.text))
	if err != nil {
		return e, err
	}
	e.Recipe = a.seeded(c, o)
	if c.HasBase {
		base := a.base(d, c.BaseClaim)
		if base == nil {
			return e, errors.New("its base is not known here")
		}
		e.Base = &base.Recipe
	}
	e.Synthetic = &protocol.Synthetic{Seed: chain.DeterministicSeed(hex.EncodeToString(c.Commitment[:]), c.Domain,
		chain.SyntheticSalt(a.m.peer, hex.EncodeToString(c.DrawHash[:]))), Incumbent: e.Base}
	return e, nil
}

// seeded is a claim's recipe with the seeds of its draw.
func (a *agent) seeded(c *optimae.Claim, parameters *canon.Object) protocol.Recipe {
	r := protocol.Recipe{Parameters: parameters}
	for i := range a.m.seeds(c.Domain) {
		r.Seeds = append(r.Seeds, a.m.net.Rules().Seed(c.Commitment, c.Beacon, i))
	}
	return r
}

// seeds is how many a claim of a domain is trained with.
func (m *Machine) seeds(domain string) int {
	d, _ := m.file.Domain(domain)
	return max(1, d.Seeds)
}

// start hands out as many re-runs as may run at once, in the order of their commits.
func (a *agent) start() {
	for a.running < a.m.cfg.EvalConcurrent && len(a.queue) > 0 {
		j := a.queue[0]
		a.queue = a.queue[1:]
		if a.runs[j.draw] == nil {
			continue // decided meanwhile
		}
		a.running++
		a.begin(j)
	}
}

func (a *agent) begin(j *job) {
	a.last++
	j.effect.Job = a.last
	a.jobs[a.last] = j
	a.m.emit(j.effect)
}

// evaluated takes the result of a training.
func (a *agent) evaluated(ev protocol.Evaluated) {
	j := a.jobs[ev.Job]
	if j == nil {
		return
	}
	delete(a.jobs, ev.Job)
	a.moved = true
	if o := ev.Outcome; ev.Err == nil && !finite(o.Performance, o.SyntheticScore, o.IncumbentScore) {
		ev.Err = fmt.Errorf("%w: its result is not finite", protocol.ErrRefused)
	}
	if j.own != nil {
		a.confirmed(j.own, ev.Outcome, ev.Err)
		return
	}
	a.running--
	if ev.Err == nil {
		a.noteMetrics(j.draw.commitment, ev.Outcome.Metrics)
	}
	if r := a.runs[j.draw]; r != nil && r.vote == nil {
		a.found(j, r, ev.Outcome, ev.Err)
	}
	if ev.Err == nil && a.m.cfg.Domains[j.effect.Domain].Optimize { // who has re-run a recipe may breed from it
		a.m.emit(protocol.Migrant{Domain: j.effect.Domain, OptimaeID: hex.EncodeToString(j.draw.commitment[:]), OptimizerID: j.author,
			Parameters: j.effect.Parameters, Performance: ev.Outcome.Performance, Metrics: ev.Outcome.Metrics})
	}
}

func finite(list ...float64) bool {
	return !slices.ContainsFunc(list, func(x float64) bool { return x-x != 0 })
}

// found makes a vote of what a re-run has found.
func (a *agent) found(j *job, r *run, o protocol.Outcome, err error) {
	at := j.draw
	switch {
	case r.check:
		if err == nil {
			r.finding = &optimae.Finding{Digest: digest(o.Digest), Performance: o.Performance, Sums: o.Sums}
		}
	case errors.Is(err, protocol.ErrRefused):
		a.vote(at, r, &optimae.Refuse{Commitment: at.commitment, Draw: at.block, Limit: "recipe"})
	case errors.Is(err, protocol.ErrAbstain), err != nil && r.tries >= mostTries-1:
		a.vote(at, r, &optimae.Abstain{Commitment: at.commitment, Draw: at.block})
		a.m.notice(true, "abstaining from a vote", "domain", r.domain, "optimae", short(at.commitment), "err", err)
	case err != nil:
		r.tries++
		a.queue = append(a.queue, j)
		a.m.notice(true, "verification failed here", "domain", r.domain, "optimae", short(at.commitment), "err", err)
	default:
		a.finding(at, r, o)
	}
}

// finding votes for what was found.
func (a *agent) finding(at draw, r *run, o protocol.Outcome) {
	rules := a.m.net.Rules()
	v := &optimae.Vote{Commitment: at.commitment, Draw: at.block}
	if rules.Domains[r.domain].Synthetic {
		v.Score, v.Incumbent = max(0, o.SyntheticScore), max(0, o.IncumbentScore)
	}
	r.finding = &optimae.Finding{Digest: digest(o.Digest), Performance: o.Performance, Sums: o.Sums}
	v.Hash = rules.VoteHash(at.commitment, at.block, a.m.peer, *r.finding)
	if rules.Domains[r.domain].Radius > 0 {
		r.unseal = &optimae.Unseal{Commitment: at.commitment, Draw: at.block, Performance: o.Performance, Salt: a.salt(at)}
		v.Hash = rules.SealHash(at.commitment, at.block, a.m.peer, o.Performance, r.unseal.Salt)
	}
	a.vote(at, r, v)
}

// conclude votes in a jury for what was found before.
func (a *agent) conclude(at draw, r *run, f optimae.Finding) {
	r.finding = &f
	a.vote(at, r, &optimae.Vote{Commitment: at.commitment, Draw: at.block, Hash: a.m.net.Rules().VoteHash(at.commitment, at.block, a.m.peer, f)})
}

// salt is what hides a vote whose performance others could guess: only this node's key makes it.
func (a *agent) salt(at draw) application.ID {
	_, output := a.m.point.Prove(slices.Concat([]byte("doin/2\nvote salt\n"+a.m.net.NetworkID()+"\n"), at.commitment[:], at.block[:]))
	return output
}

// digest is a worker's digest as the chain has it: its own bytes if it is a hash in hex, else the hash of its text.
func digest(text string) (id application.ID) {
	if b, err := hex.DecodeString(text); err == nil && len(b) == len(id) {
		return application.ID(b)
	}
	return sha256.Sum256([]byte(text))
}

// vote signs the node's word about a draw, once for ever: it is on the disk before it leaves.
func (a *agent) vote(at draw, r *run, body optimae.Body) {
	x := optimae.NewTx(a.m.peer, body)
	tx, err := application.Sign(a.m.point, a.m.net.ID(), x.Kind, x.Body)
	if err != nil {
		a.m.notice(true, "vote not signed", "err", err)
		return
	}
	r.vote = tx
	a.m.note(voteNote(at), encodeVote(r))
	a.m.offer(tx)
}

// open shows what the votes hide, where this node is sure of it.
func (a *agent) open(at draw) {
	r := a.runs[at]
	if r == nil || r.opened || r.vote == nil || r.vote.Kind != optimae.KindVote {
		return
	}
	r.opened = true
	switch {
	case r.unseal != nil:
		a.m.say(r.unseal)
	case r.finding != nil:
		a.m.say(&optimae.Open{Commitment: at.commitment, Draw: at.block, Finding: *r.finding})
	}
}

// stand keeps the node an evaluator: it comes back, fills its stake, or registers.
func (a *agent) stand(d optimae.State) {
	p, registered := optimae.Registered(d, a.m.peer)
	if a.m.slot < a.returned+2*againSlots || a.m.slot == 0 {
		return
	}
	signed := a.m.slot - 1
	switch {
	case registered && (p.Out || p.Leaving != 0):
		return
	case registered && p.Absent:
		a.m.say(&optimae.Return{Slot: signed})
		a.m.notice(false, "this node was absent and says that it is back")
	case registered && p.Stake < p.Full-p.Full/2 && optimae.Balance(d, a.m.peer) >= p.Full-p.Stake:
		a.m.say(&optimae.Fill{Slot: signed})
	case !registered && a.m.cfg.Register && a.evaluates() != nil && optimae.Balance(d, a.m.peer) >= optimae.Stake(a.totals(d)):
		a.m.say(&optimae.Register{Domains: a.evaluates(), Slot: signed})
		a.m.notice(false, "this node registers as an evaluator")
	default:
		return
	}
	a.returned = a.m.slot
}

func (a *agent) totals(d optimae.State) *optimae.Totals {
	t := optimae.Counted(d)
	return &t
}

// evaluates are the domains that this node evaluates, ascending.
func (a *agent) evaluates() (out []string) {
	for id, r := range a.m.cfg.Domains {
		if r.Evaluate {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// short is the beginning of a hash, for people.
func short(id application.ID) string { return hex.EncodeToString(id[:6]) }
