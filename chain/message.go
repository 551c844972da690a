package chain

import (
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Message types. The last two are ours.
const (
	MsgOptimaeCommit       = "optimae_commit"
	MsgOptimaeReveal       = "optimae_reveal"
	MsgOptimaeAnnouncement = "optimae_announcement"
	MsgTaskCreated         = "task_created"
	MsgTaskClaimed         = "task_claimed"
	MsgTaskCompleted       = "task_completed"
	MsgBlockAnnouncement   = "block_announcement"
	MsgChainStatus         = "chain_status"
	MsgBlockRequest        = "block_request"
	MsgBlockResponse       = "block_response"
	MsgPeerDiscovery       = "peer_discovery"
	MsgChampionRequest     = "champion_request"
	MsgChampionResponse    = "champion_response"
	MsgStageComplete       = "stage_complete"
	MsgCandidateEvaluation = "candidate_evaluation"
	MsgEvaluationRequest   = "evaluation_request"
	MsgEvaluationResponse  = "evaluation_response"
	MsgTransaction         = "transaction" // payload {"transaction": Tx}
	MsgVote                = "vote"        // payload {"vote": Vote}
)

// Gossip topics.
const (
	TopicOptimae   = "optimae"
	TopicBlocks    = "blocks"
	TopicTasks     = "tasks"
	TopicDiscovery = "discovery" // also of every type that has no topic of its own
)

// DefaultTTL is the number of hops a message makes unless it says otherwise; MaxTTL is the most it
// may say.
const (
	DefaultTTL = 7
	MaxTTL     = 15
)

// KnownMsgType reports whether t is a message type.
func KnownMsgType(t string) bool {
	switch t {
	case MsgEvaluationRequest, MsgEvaluationResponse, MsgPeerDiscovery:
		return true
	}
	return Topic(t) != TopicDiscovery
}

// Topic returns the gossip topic of a message type.
func Topic(msgType string) string {
	switch msgType {
	case MsgOptimaeCommit, MsgOptimaeReveal, MsgOptimaeAnnouncement, MsgChampionRequest,
		MsgChampionResponse, MsgStageComplete, MsgCandidateEvaluation, MsgVote:
		return TopicOptimae
	case MsgBlockAnnouncement, MsgChainStatus, MsgBlockRequest, MsgBlockResponse, MsgTransaction:
		return TopicBlocks
	case MsgTaskCreated, MsgTaskClaimed, MsgTaskCompleted:
		return TopicTasks
	default:
		return TopicDiscovery
	}
}

// The transport metadata that nodes add to payloads. Neither flooding ids nor signatures cover it.
const (
	MetaSenderPort        = "_sender_port"
	MetaComponentVersions = "_component_versions"
	MetaPluginConfigs     = "_plugin_configs"
	MetaForwarderID       = "_forwarder_id"
)

// WithoutMetadata returns payload without the transport metadata: payload itself if it has none,
// else a shallow copy.
func WithoutMetadata(payload *canon.Object) *canon.Object {
	if !payload.Has(MetaSenderPort) && !payload.Has(MetaComponentVersions) &&
		!payload.Has(MetaPluginConfigs) && !payload.Has(MetaForwarderID) {
		return payload
	}
	bare := canon.NewObject()
	for key, v := range payload.All() {
		switch key {
		case MetaSenderPort, MetaComponentVersions, MetaPluginConfigs, MetaForwarderID:
		default:
			bare.Set(key, v)
		}
	}
	return bare
}

// Message is the envelope of everything nodes tell each other.
type Message struct {
	Type      string // one of the Msg constants
	SenderID  string // author, not the relay
	Timestamp timestamp.Time
	TTL       int
	Payload   *canon.Object
	PublicKey string // hex of the author's key, or empty
	Signature string // hex, or empty
}

// MessageFromObject reads a message. An absent ttl is DefaultTTL, an absent payload is empty; an
// absent timestamp stays zero, and a receiver that accepts unsigned messages sets it to the
// time of receipt. Unknown members are dropped. The payload is shared with o. Errors match
// ErrInvalid.
func MessageFromObject(o *canon.Object) (*Message, error) {
	r := &reader{object: "message", o: o}
	m := &Message{
		Type:      r.str("msg_type"),
		SenderID:  r.str("sender_id"),
		TTL:       DefaultTTL,
		Payload:   r.objOrEmpty("payload"),
		PublicKey: r.optional("public_key"),
		Signature: r.optional("signature"),
	}
	if o.Has("timestamp") {
		m.Timestamp = r.time("timestamp")
	}
	if o.Has("ttl") {
		ttl := r.integer("ttl")
		m.TTL = int(min(max(ttl, -1), MaxTTL+1)) // out of range stays out of range
	}
	if r.err != nil {
		return nil, r.err
	}
	if !KnownMsgType(m.Type) {
		return nil, wrong("message", "msg_type", "unknown type")
	}
	return m, nil
}

// Object returns the JSON form; the payload is shared.
func (m *Message) Object() *canon.Object {
	o := canon.NewObject(
		"msg_type", m.Type,
		"sender_id", m.SenderID,
		"timestamp", m.Timestamp.Wire(),
		"ttl", m.TTL,
		"payload", m.Payload,
	)
	setSeal(o, m.PublicKey, m.Signature)
	return o
}

func (m *Message) preimage(payload *canon.Object) *canon.Object {
	return canon.NewObject(
		"msg_type", m.Type,
		"payload", payload,
		"sender_id", m.SenderID,
		"timestamp", m.Timestamp.ISO(),
	)
}

// SigningBody returns canonical JSON of type, payload without transport metadata, sender and time.
func (m *Message) SigningBody() []byte {
	return canon.Canonical(m.preimage(WithoutMetadata(m.Payload)))
}

// ComputeID is FloodID.
func (m *Message) ComputeID() string { return FloodID(m) }

// FloodID returns the id by which flooding recognises a message: the SHA-256 of its SigningBody. It
// covers neither ttl nor signature, so a message must be verified before its id is remembered
// as seen, else a copy with a broken signature would shut out the true one.
func FloodID(m *Message) string { return hexSHA256(m.SigningBody()) }

// GossipID returns the id by which the reference's gossip recognises a message: as FloodID, with
// the transport metadata included.
func GossipID(m *Message) string { return canon.Hash(m.preimage(m.Payload)) }

// ValidateBasic checks everything that needs no state, the signature aside (see VerifyMessage): known
// type, sender, time, ttl from 0 to MaxTTL, finite numbers. Errors match ErrInvalid.
func (m *Message) ValidateBasic() error {
	c := &checks{object: "message"}
	c.demand(KnownMsgType(m.Type), "msg_type", "unknown type")
	c.text(m.SenderID, "sender_id", 1, maxPeerIDBytes)
	c.time(m.Timestamp, "timestamp")
	c.demand(m.TTL >= 0 && m.TTL <= MaxTTL, "ttl", "out of range")
	c.payload(m.Payload, "payload")
	c.seal(m.PublicKey, m.Signature)
	return c.err
}
