package search

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/compute/worker"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// state is all that is kept on disk, the last record aside.
type state struct {
	// Identity is the hash of what the search is a function of: a state of another one is not taken up.
	Identity   string         `json:"identity"`
	Seed       uint64         `json:"seed"`
	Round      int64          `json:"round"`
	Generation int64          `json:"generation"`
	Evaluated  int64          `json:"evaluated"`
	Told       int64          `json:"told"`
	Trials     int64          `json:"trials_before,omitempty"`
	Prior      []byte         `json:"prior,omitempty"`
	Best       *float64       `json:"best,omitempty"`
	SeedOf     string         `json:"seed_of,omitempty"`
	BestSeed   uint64         `json:"best_seed,omitempty"`
	Confirmed  *keptRecipe    `json:"confirmed,omitempty"`
	Progress   *olap.Progress `json:"progress,omitempty"`
	Answers    [][]keptRecipe `json:"answers,omitempty"`
	Answered   bool           `json:"answered,omitempty"`
	Last       int64          `json:"last_proposal"`
	Paid       int64          `json:"trials_at_last_proposal,omitempty"`
	Gains      []float64      `json:"gains,omitempty"`
	Again      []keptRecipe   `json:"again,omitempty"`
	Tries      map[string]int `json:"tries,omitempty"`
	Older      map[string]int `json:"older_tries,omitempty"`
	Claims     []keptClaim    `json:"claims,omitempty"`
	// Ended is the confirming run that the next row tells of, EndedOf what it trained.
	Ended   *keptStep     `json:"ended,omitempty"`
	EndedOf object        `json:"ended_of"`
	Own     *keptChampion `json:"own_champion,omitempty"`
}

// object is a canonical object as JSON keeps it: as a string, so that not a digit of it changes.
type object struct{ *canon.Object }

func (o object) MarshalJSON() ([]byte, error) {
	if o.Object == nil {
		return []byte("null"), nil
	}
	return json.Marshal(string(canon.Default(o.Object)))
}

func (o *object) UnmarshalJSON(data []byte) (err error) {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil || text == nil {
		return err
	}
	o.Object, err = canon.ParseObject([]byte(*text))
	return err
}

type keptRecipe struct {
	Parameters  object  `json:"parameters"`
	Performance float64 `json:"performance"`
	Measured    bool    `json:"measured,omitempty"` // of a candidate
}

type keptClaim struct {
	Proposal   int64      `json:"proposal"`
	Round      int64      `json:"round"`
	Generation int64      `json:"generation"`
	Nonce      string     `json:"nonce"`
	Parameters object     `json:"parameters"`
	Experiment object     `json:"experiment"`
	Fitness    float64    `json:"fitness"`
	Measured   bool       `json:"measured,omitempty"`
	Before     int        `json:"before"`
	Confirmed  *float64   `json:"confirmed,omitempty"` // what the nominator knows
	Stage      string     `json:"stage,omitempty"`
	Revealed   bool       `json:"revealed,omitempty"`
	Decided    bool       `json:"decided,omitempty"`
	Due        bool       `json:"due,omitempty"`
	Held       []keptStep `json:"held,omitempty"`
}

type keptStep struct {
	Stage       string     `json:"stage"`
	Performance *float64   `json:"performance,omitempty"`
	Digest      string     `json:"digest,omitempty"`
	Sums        chain.Sums `json:"sums"`
	Metrics     object     `json:"metrics"`
}

type keptChampion struct {
	OptimaeID   string     `json:"optimae_id"`
	Parameters  object     `json:"parameters"`
	Seeds       []uint64   `json:"seeds"`
	Performance float64    `json:"performance"`
	Digest      string     `json:"digest"`
	Sums        chain.Sums `json:"sums"`
	Metrics     object     `json:"metrics"`
}

// identity is the hash of what the search is a function of.
func (s *Search) identity() string {
	var seed any
	if s.cfg.Seed != nil {
		seed = *s.cfg.Seed
	}
	settings := s.cfg.Settings
	if settings == nil {
		settings = canon.NewObject()
	}
	config := s.cfg.Setup.OptimizationConfig
	if config == nil {
		config = canon.NewObject()
	}
	return canon.Hash([]any{"search", s.cfg.Domain, s.cfg.Peer, s.cfg.Setup.OptimizerPlugin, s.cfg.Setup.DataHash, config, settings,
		int64(s.cfg.Window), seed})
}

// snapshot returns what is to be kept now.
func (s *Search) snapshot() *state {
	n := s.nominator.State()
	out := &state{Identity: s.identity(), Seed: s.seed, Round: s.pos.round, Generation: s.pos.generation, Evaluated: s.pos.evaluated, Told: s.pos.told, Trials: s.pos.trials, Prior: s.pos.prior,
		Answered: s.pos.answered, Best: s.pos.best, SeedOf: s.pos.seedOf, BestSeed: s.pos.bestSeed, Last: n.Last, Paid: n.Paid, Tries: n.Tries, Older: n.Older,
		Gains: n.Gains}
	if p, ok := s.parts.Tracker.Progress(s.cfg.Domain, s.now()); ok {
		out.Progress = &p
	}
	if c := s.pos.confirmed; c != nil {
		out.Confirmed = &keptRecipe{Parameters: object{c.parameters}, Performance: c.performance}
	}
	for _, list := range s.pos.answers {
		kept := make([]keptRecipe, len(list))
		for i, m := range list {
			kept[i] = keptRecipe{Parameters: object{m.Parameters}, Performance: m.Performance}
		}
		out.Answers = append(out.Answers, kept)
	}
	for _, c := range n.Again {
		out.Again = append(out.Again, keptRecipe{Parameters: object{c.Value}, Performance: c.Fitness, Measured: c.Measured})
	}
	for _, o := range n.Open {
		if c := s.claims[o.ID]; c != nil {
			out.Claims = append(out.Claims, c.kept(&o))
		}
	}
	if o := s.since.outcome; o != nil {
		step := stepOf(protocol.Confirmed, o)
		out.Ended, out.EndedOf = &step, object{s.since.of}
	}
	if c := s.own; c != nil {
		out.Own = &keptChampion{OptimaeID: c.OptimaeID, Parameters: object{c.Parameters}, Seeds: c.Seeds, Performance: c.Performance,
			Digest: c.Digest, Sums: c.Sums, Metrics: object{c.Metrics}}
	}
	return out
}

func (c *claim) kept(o *island.Nomination[*canon.Object]) keptClaim {
	k := keptClaim{Proposal: c.proposal, Round: c.round, Generation: c.generation, Nonce: hex.EncodeToString(c.nonce[:]),
		Parameters: object{c.parameters}, Experiment: object{c.experiment}, Fitness: o.Fitness, Measured: o.Measured, Before: o.Before,
		Stage: string(c.stage), Revealed: c.revealed, Decided: o.Decided, Due: c.due}
	if o.Confirmed {
		p := o.Performance
		k.Confirmed = &p
	}
	for _, h := range c.held {
		k.Held = append(k.Held, stepOf(h.Stage, h.Outcome))
	}
	return k
}

func stepOf(stage protocol.Stage, o *protocol.Outcome) keptStep {
	k := keptStep{Stage: string(stage)}
	if o != nil {
		p := o.Performance
		k.Performance, k.Digest, k.Sums, k.Metrics = &p, o.Digest, o.Sums, object{o.Metrics}
	}
	return k
}

// outcome is what the step told of the confirming run, nil if nothing.
func (k *keptStep) outcome() *protocol.Outcome {
	if k.Performance == nil {
		return nil
	}
	return &protocol.Outcome{Performance: *k.Performance, Digest: k.Digest, Sums: k.Sums, Metrics: k.Metrics.Object}
}

// takeUp makes the search go on from a state and a record. On an error it is as it was.
func (s *Search) takeUp(k *state, record []byte) error {
	n := island.NominatorState[*canon.Object]{Last: k.Last, Paid: k.Paid, Tries: k.Tries, Older: k.Older, Gains: k.Gains}
	for _, r := range k.Again {
		if r.Parameters.Object == nil {
			return fmt.Errorf("a superseded recipe is missing")
		}
		n.Again = append(n.Again, island.Candidate[*canon.Object]{Hash: canon.Hash(r.Parameters.Object), Fitness: r.Performance, Measured: r.Measured,
			Value: r.Parameters.Object})
	}
	claims := map[int64]*claim{}
	for i := range k.Claims {
		c, o, err := k.Claims[i].open(s.cfg.Domain)
		if err != nil {
			return fmt.Errorf("claim %d: %w", i, err)
		}
		if claims[c.proposal] != nil {
			return fmt.Errorf("proposal %d stands twice", c.proposal)
		}
		if len(claims) < s.cfg.MaxOpen+island.MaxDecided {
			claims[c.proposal] = c
			n.Open = append(n.Open, o)
		}
	}
	pos := position{prior: k.Prior, round: k.Round, generation: k.Generation, record: record, answered: k.Answered, evaluated: k.Evaluated, told: max(k.Told, k.Evaluated), trials: k.Trials, best: k.Best, seedOf: k.SeedOf,
		bestSeed: k.BestSeed, progress: k.Progress}
	if len(record) == 0 {
		pos.record = nil
	}
	for _, list := range k.Answers {
		answer := []worker.Immigrant{}
		for _, r := range list {
			if r.Parameters.Object == nil {
				return fmt.Errorf("an immigrant is missing")
			}
			answer = append(answer, s.cfg.immigrant(r.Parameters.Object, r.Performance))
		}
		pos.answers = append(pos.answers, answer)
	}
	// A pause that was configured or taken away since changes how many answers count: those that are missing were empty.
	want := int(max(0, min(s.ahead(), k.Generation+1)))
	if !k.Answered && want > 0 {
		want--
	}
	for len(pos.answers) < want {
		pos.answers = slices.Insert(pos.answers, 0, []worker.Immigrant{})
	}
	pos.answers = pos.answers[len(pos.answers)-want:]
	if c := k.Confirmed; c != nil {
		if c.Parameters.Object == nil {
			return fmt.Errorf("the confirmed recipe is missing")
		}
		pos.confirmed = &confirmed{hash: canon.Hash(c.Parameters.Object), parameters: c.Parameters.Object, performance: c.Performance}
	}
	if o := k.Own; o != nil {
		if o.Parameters.Object == nil {
			return fmt.Errorf("the own champion is missing")
		}
		s.own = &protocol.Champion{Domain: s.cfg.Domain, OptimaeID: o.OptimaeID, OptimizerID: s.cfg.Peer,
			Recipe:      protocol.Recipe{Parameters: o.Parameters.Object, Seeds: o.Seeds},
			Performance: o.Performance, Digest: o.Digest, Sums: o.Sums, Metrics: o.Metrics.Object}
	}
	if k.Ended != nil && k.EndedOf.Object != nil {
		s.since.outcome, s.since.of = k.Ended.outcome(), k.EndedOf.Object
	}
	s.seed, s.pos = k.Seed, pos
	s.nominator.Restore(n)
	s.claims = map[int64]*claim{}
	for _, o := range s.nominator.Open() {
		s.claims[o.ID] = claims[o.ID]
	}
	s.closeLost()
	return nil
}

// open is the inverse of kept.
func (k *keptClaim) open(domain string) (c *claim, o island.Nomination[*canon.Object], err error) {
	nonce, err := hex.DecodeString(k.Nonce)
	if err != nil || len(nonce) != 16 {
		return nil, o, fmt.Errorf("nonce %.40q", k.Nonce)
	}
	if k.Parameters.Object == nil || k.Proposal < 1 {
		return nil, o, fmt.Errorf("proposal %d is incomplete", k.Proposal)
	}
	c = &claim{proposal: k.Proposal, round: k.Round, generation: k.Generation, nonce: [16]byte(nonce), parameters: k.Parameters.Object,
		experiment: k.Experiment.Object, stage: protocol.Stage(k.Stage), revealed: k.Revealed, due: k.Due}
	for _, h := range k.Held {
		c.held = push(c.held, protocol.Claim{Domain: domain, Proposal: k.Proposal, Stage: protocol.Stage(h.Stage), Outcome: h.outcome()})
	}
	o = island.Nomination[*canon.Object]{ID: k.Proposal, Before: k.Before, Decided: k.Decided,
		Candidate: island.Candidate[*canon.Object]{Hash: canon.Hash(k.Parameters.Object), Fitness: k.Fitness, Measured: k.Measured,
			Value: k.Parameters.Object}}
	if k.Confirmed != nil {
		o.Confirmed, o.Performance = true, *k.Confirmed
	}
	return c, o, nil
}

// closeLost ends what an earlier life had committed to: its nonce may be known to others, and nobody tells what became of
// it. What was not revealed yet may be claimed anew. Confirming runs that had no result are asked for again, see
// proposeAgain.
func (s *Search) closeLost() {
	for _, id := range s.openClaims() {
		c := s.claims[id]
		if !c.settled() {
			c.held, c.stage = nil, ""
			continue
		}
		if c.stage.Final() {
			continue // held
		}
		end := protocol.Claim{Domain: s.cfg.Domain, Proposal: id, Stage: protocol.Superseded, Reason: "the node was started again"}
		if c.revealed {
			end.Stage = protocol.Expired
		}
		if c.stage = end.Stage; c.due {
			s.apply(c, &end)
		} else {
			c.held = append(c.held, end)
		}
	}
}
