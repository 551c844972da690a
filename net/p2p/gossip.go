package p2p

import (
	"context"
	"fmt"
	"strings"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"google.golang.org/protobuf/proto"
)

// Bounds of pubsub's work.
const (
	maxValidations = 256              // messages of one topic that are being judged
	frameSlack     = 4 << 10          // of an RPC around a frame
	seenFor        = 10 * time.Minute // how long an id is remembered
)

// topicName is a topic as it travels.
func (n *Node) topicName(topic string) string { return namespace(n.cfg.Network) + "/" + topic }

// bareTopic is a topic without the network.
func (n *Node) bareTopic(name string) string {
	return strings.TrimPrefix(name, namespace(n.cfg.Network)+"/")
}

// join opens the mesh and joins every topic.
func (n *Node) join() error {
	names := make([]string, len(n.cfg.Topics))
	for i, t := range n.cfg.Topics {
		names[i] = n.topicName(t)
	}
	params := pubsub.DefaultGossipSubParams()
	n.ctx, n.stop = context.WithCancel(context.Background()) // ended by Close
	var err error
	n.pubsub, err = pubsub.NewGossipSub(n.ctx, n.host,
		pubsub.WithGossipSubParams(params),
		pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign),
		pubsub.WithNoAuthor(),
		pubsub.WithMessageIdFn(func(m *pb.Message) string { return frameID(m.Data) }),
		pubsub.WithMaxMessageSize(8*(n.cfg.MaxInline+frameSlack)), // an RPC may hold several
		pubsub.WithSeenMessagesTTL(seenFor),
		pubsub.WithSubscriptionFilter(pubsub.WrapLimitSubscriptionFilter(pubsub.NewAllowlistSubscriptionFilter(names...), 2*len(names))),
		pubsub.WithPeerScore(scores(names, n.reputation), thresholds()),
		pubsub.WithPeerScoreInspect(n.inspect, time.Second),
		pubsub.WithPeerExchange(true),
		pubsub.WithFloodPublish(true), // to all neighbours, those who are in no mesh yet among them
		pubsub.WithRawTracer(tracer{n}),
	)
	if err != nil {
		return fmt.Errorf("p2p: open gossip: %w", err)
	}
	for i, t := range n.cfg.Topics {
		err := n.pubsub.RegisterTopicValidator(names[i], n.validator(t), pubsub.WithValidatorConcurrency(maxValidations),
			pubsub.WithValidatorTimeout(2*n.cfg.FetchTimeout))
		if err != nil {
			return fmt.Errorf("p2p: topic %s: %w", t, err)
		}
		topic, err := n.pubsub.Join(names[i])
		if err != nil {
			return fmt.Errorf("p2p: topic %s: %w", t, err)
		}
		// The validator has taken what is accepted: there is nothing to be read from a subscription.
		if _, err := topic.Relay(); err != nil {
			return fmt.Errorf("p2p: topic %s: %w", t, err)
		}
		n.topics[t] = topic
	}
	return nil
}

// Publish spreads a body on a topic to everybody who is in it; a long one is announced, and kept for who asks for it. It does
// not wait for anybody, and retains body: nobody changes it from here on.
func (n *Node) Publish(topic string, body []byte) error {
	t := n.topics[topic]
	if t == nil {
		return fmt.Errorf("p2p: no topic %q", topic)
	}
	if len(body) == 0 || len(body) > n.cfg.MaxBody {
		return fmt.Errorf("p2p: message of %d bytes: must be in [1, %d]", len(body), n.cfg.MaxBody)
	}
	var frame []byte
	if len(body) <= n.cfg.MaxInline {
		frame = appendBody(nil, body)
	} else {
		a := announce(body)
		n.bodies.put(a.hash, body)
		frame = a.append(nil)
		n.count(func(s *Stats) { s.Announced++ })
	}
	n.count(func(s *Stats) { s.Published++ })
	if err := t.Publish(context.Background(), frame); err != nil {
		return fmt.Errorf("p2p: publish on %s: %w", topic, err)
	}
	return nil
}

// validator judges what arrives on a topic, before it is forwarded.
func (n *Node) validator(topic string) pubsub.ValidatorEx {
	return func(ctx context.Context, from peer.ID, m *pubsub.Message) pubsub.ValidationResult {
		if from == n.host.ID() {
			return pubsub.ValidationAccept
		}
		switch n.verdict(ctx, topic, from, m.Data) {
		case Accept:
			return pubsub.ValidationAccept
		case Reject:
			return pubsub.ValidationReject
		}
		return pubsub.ValidationIgnore
	}
}

// verdict judges a frame, counts the verdict, and remembers what was put off.
func (n *Node) verdict(ctx context.Context, topic string, from peer.ID, frame []byte) Verdict {
	v := n.judge(ctx, topic, from, frame)
	if v == Later {
		n.late.add(frameID(frame), time.Now())
	}
	n.count(func(s *Stats) {
		switch v {
		case Accept:
			s.Accepted++
		case Ignore:
			s.Ignored++
		case Later:
			s.PutOff++
		default:
			s.Rejected++
		}
	})
	return v
}

// judge returns the consumer's verdict on a frame, whose body it gets where it is announced only.
func (n *Node) judge(ctx context.Context, topic string, from peer.ID, frame []byte) Verdict {
	body, a, err := parseFrame(frame, n.cfg.MaxInline, n.cfg.MaxBody)
	if err != nil {
		return Reject
	}
	p, ok := n.sender(from)
	if !ok {
		return Later // gone: it is nobody's word any more
	}
	if body != nil {
		return n.cfg.Consumer.Take(ctx, p, topic, body)
	}
	if body, err = n.fetch(ctx, frameID(frame), a, from); err != nil {
		return Later // who announces it next may have it
	}
	n.count(func(s *Stats) { s.Fetched++ })
	verdict := n.cfg.Consumer.Take(ctx, p, topic, append([]byte(nil), body...))
	if verdict == Accept {
		n.bodies.put(a.hash, body)
	}
	return verdict
}

// reputation is P5: what the chain thinks of a peer, and what it owes for announcements without a body.
func (n *Node) reputation(id peer.ID) float64 {
	n.mu.Lock()
	l := n.peers[id]
	var faults float64
	name := ""
	if l != nil {
		name, faults = l.ID, l.faults
	}
	n.mu.Unlock()
	r := -faultCost * faults
	if name != "" && n.cfg.Reputation != nil {
		r += n.cfg.Reputation(name)
	}
	return r
}

// inspect files the scores, and shuts out who is below the last threshold.
func (n *Node) inspect(scores map[peer.ID]float64) {
	n.mu.Lock()
	n.score = scores
	for _, l := range n.peers {
		l.faults *= faultDecay
	}
	n.mu.Unlock()
	for id, s := range scores {
		if s <= graylistThreshold && !n.gate.banned(id, time.Now()) {
			n.cfg.Log.Warn("peer is shut out", "host", id, "score", s)
			n.shut(id, n.cfg.Ban)
		}
	}
}

// faultCost is what a body costs that was announced and not delivered; faultDecay is what is left of a fault a second later: half after
// ten minutes.
const (
	faultCost  = 20
	faultDecay = 0.99885
)

// fault charges a peer for an announcement without a body.
func (n *Node) fault(id peer.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.peers[id]; l != nil {
		l.faults++
	}
}

// tracer counts, and sees who announces what was announced before.
type tracer struct{ n *Node }

var _ pubsub.RawTracer = tracer{}

// DuplicateMessage implements pubsub.RawTracer.
func (t tracer) DuplicateMessage(m *pubsub.Message) {
	t.n.count(func(s *Stats) { s.Duplicates++ })
	if len(m.Data) == announceBytes && m.Data[0] == frameAnnounce {
		t.n.wanted.again(frameID(m.Data), m.ReceivedFrom)
	}
	t.n.again(t.n.bareTopic(m.GetTopic()), m.ReceivedFrom, m.Data)
}

// RejectMessage implements pubsub.RawTracer: what pubsub has marked as seen, and then had no room to have judged, is put off.
func (t tracer) RejectMessage(m *pubsub.Message, reason string) {
	if reason == pubsub.RejectValidationThrottled {
		t.n.late.add(frameID(m.Data), time.Now())
	}
}

// SendRPC implements pubsub.RawTracer.
func (t tracer) SendRPC(rpc *pubsub.RPC, _ peer.ID) {
	t.n.count(func(s *Stats) { s.SentBytes += uint64(proto.Size(&rpc.RPC)) })
}

// RecvRPC implements pubsub.RawTracer.
func (t tracer) RecvRPC(rpc *pubsub.RPC) {
	t.n.count(func(s *Stats) { s.ReceivedBytes += uint64(proto.Size(&rpc.RPC)) })
}

// Graft implements pubsub.RawTracer.
func (t tracer) Graft(p peer.ID, topic string) {
	t.n.mu.Lock()
	defer t.n.mu.Unlock()
	topic = t.n.bareTopic(topic)
	if t.n.mesh[topic] == nil {
		t.n.mesh[topic] = make(map[peer.ID]bool)
	}
	t.n.mesh[topic][p] = true
}

// Prune implements pubsub.RawTracer. A peer may say it at any time, of a mesh that it is not in, too.
func (t tracer) Prune(p peer.ID, topic string) {
	t.n.mu.Lock()
	defer t.n.mu.Unlock()
	delete(t.n.mesh[t.n.bareTopic(topic)], p)
}

// OnClosedOutboundStream implements pubsub.RawTracer: the peer is in no mesh any more, and no Prune says so.
func (t tracer) OnClosedOutboundStream(p peer.ID) {
	t.n.mu.Lock()
	defer t.n.mu.Unlock()
	for _, peers := range t.n.mesh {
		delete(peers, p)
	}
}

// What is left of pubsub.RawTracer is of no interest.
func (tracer) OnNewOutboundStream(peer.ID, protocol.ID) {}
func (tracer) Join(string)                              {}
func (tracer) Leave(string)                             {}
func (tracer) ValidateMessage(*pubsub.Message)          {}
func (tracer) DeliverMessage(*pubsub.Message)           {}
func (tracer) ThrottlePeer(peer.ID)                     {}
func (tracer) DropRPC(*pubsub.RPC, peer.ID)             {}
func (tracer) UndeliverableMessage(*pubsub.Message)     {}
