package engine

import (
	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// requestChampions asks once, as soon as the chain is the network's and there is a peer, what the others have found.
func (e *Engine) requestChampions() {
	if e.asked || !e.synced || len(e.peers) == 0 {
		return
	}
	e.asked = true
	for _, d := range e.cfg.Domains {
		id := canon.Hash(canon.NewObject("peer", e.key.PeerID(), "domain", d.ID, "time", e.now))[:8]
		e.broadcast(chain.MsgChampionRequest, canon.NewObject("domain_id", d.ID, "request_id", id))
	}
}

func (e *Engine) receiveChampionRequest(m *chain.Message) error {
	name, err1 := m.Payload.String("domain_id")
	request, err2 := m.Payload.StringOr("request_id", "")
	if err1 != nil || err2 != nil || len(request) > maxIDBytes {
		return errPayload
	}
	if d := e.domains[name]; d != nil && e.allow("champion "+m.SenderID) {
		e.sendChampion(m.SenderID, d, request)
	}
	return nil
}

// sendChampion tells one peer the best that this node has measured.
func (e *Engine) sendChampion(peer string, d *domain, request string) {
	p := canon.NewObject("domain_id", d.ID, "request_id", request, "parameters", nil, "performance", nil, "has_champion", false,
		"champion_metrics", nil)
	if b := d.best; b != nil {
		p.Set("parameters", b.parameters).Set("performance", b.performance).Set("has_champion", true).Set("champion_metrics", orNull(b.metrics))
	}
	if m := e.message(chain.MsgChampionResponse, p); m != nil {
		e.emit(protocol.Send{Peer: peer, Message: m})
	}
}

// receiveChampion has a champion that somebody sent trained here, if it claims to be better.
func (e *Engine) receiveChampion(m *chain.Message, member string) error {
	name, err := m.Payload.String("domain_id")
	if err != nil {
		return errPayload
	}
	claimed := "performance"
	if m.Type == chain.MsgStageComplete {
		claimed = "champion_fitness"
	}
	d := e.domains[name]
	v, _ := m.Payload.Get(claimed)
	parameters, err := m.Payload.ObjectOr(member, nil)
	if d == nil || v == nil || parameters == nil || err != nil {
		return nil // no role, or no champion
	}
	value, err := canon.AsFloat(v)
	if err != nil || !finite(value) {
		return errPayload
	}
	metrics, err := m.Payload.ObjectOr("champion_metrics", nil)
	if err != nil {
		return errPayload
	}
	if !e.better(d, value) {
		return nil
	}
	if !e.allow(m.SenderID) {
		return late("more than %d trainings for one sender in a minute", e.cfg.MaxPerMinute)
	}
	size := canon.Size(m.Payload)
	if !e.room.take(size) {
		return late("claims and champions of %d bytes wait to be trained, this one has %d more", e.room.used, size)
	}
	e.enqueue(&job{kind: jobAdopt, domain: d, parameters: parameters, peer: m.SenderID, source: m.Type, metrics: metrics, size: size})
	return nil
}

// receiveCandidate records an evaluated candidate of another node; traffic of shared populations is not for this one.
func (e *Engine) receiveCandidate(m *chain.Message) error {
	p := m.Payload
	id, err1 := p.String("tx_id")
	name, err2 := p.String("domain_id")
	peer, err3 := p.String("peer_id")
	data, err4 := p.Object("candidate_data")
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || peer == "" || len(peer) > 128 {
		return errPayload
	}
	for _, flag := range []string{"_shared_claim", "_shared_release", "_shared_result"} {
		if v, _ := data.Get(flag); v == true {
			return nil
		}
	}
	v, _ := p.Get("timestamp")
	at, err := timestamp.Parse(v)
	if err != nil {
		return errPayload
	}
	if peer == e.key.PeerID() || e.domains[name] == nil || e.links.knows(id) || e.pending.has(id) {
		return nil
	}
	tx := &chain.Tx{ID: id, Type: chain.TxCandidateEvaluated, DomainID: name, PeerID: peer, Payload: data, Timestamp: at}
	if err := tx.ValidateBasic(); err != nil {
		return err
	}
	if !e.allow("candidate " + m.SenderID) {
		return late("more than %d candidates of one sender in a minute", e.cfg.MaxPerMinute)
	}
	if e.pending.size < chain.MaxBlockTxs/2 { // acceptances find room
		e.record(tx)
	}
	return nil
}

// has reports whether a transaction waits.
func (p *pending) has(id string) bool {
	for i := range p.items {
		if p.items[i].tx.ID == id {
			return true
		}
	}
	return false
}
