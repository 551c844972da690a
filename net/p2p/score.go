package p2p

import (
	"net"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Thresholds of peer scores: below the first a peer gets no gossip, below the second nothing of our own, below the third
// nothing of it is read, and its links are closed.
const (
	gossipThreshold   = -50
	publishThreshold  = -100
	graylistThreshold = -200
	// exchangeThreshold is the score of those whose word about other peers is taken.
	exchangeThreshold = 5
)

// maxPerAddress is how many peers of one public address are no reason for suspicion.
const maxPerAddress = 4

// nearby are the ranges in which many peers of one address are nothing unusual: loopback, private and shared addresses.
var nearby = mustNetworks("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10")

func mustNetworks(texts ...string) (out []*net.IPNet) {
	for _, s := range texts {
		_, n, err := net.ParseCIDR(s)
		if err != nil {
			panic(err)
		}
		out = append(out, n)
	}
	return out
}

// scores returns the parameters of peer scores. P3, missing deliveries in the mesh, is off: on a quiet topic nobody could
// meet an expectation.
func scores(topics []string, reputation func(peer.ID) float64) *pubsub.PeerScoreParams {
	const tick = time.Second
	byTopic := make(map[string]*pubsub.TopicScoreParams, len(topics))
	for _, t := range topics {
		byTopic[t] = &pubsub.TopicScoreParams{
			TopicWeight:      1,
			TimeInMeshWeight: 0.003, TimeInMeshQuantum: time.Second, TimeInMeshCap: 3600, // P1: at most 10.8, after an hour
			FirstMessageDeliveriesWeight: 0.5, FirstMessageDeliveriesDecay: pubsub.ScoreParameterDecay(10 * time.Minute), FirstMessageDeliveriesCap: 40, // P2
			InvalidMessageDeliveriesWeight: -100, InvalidMessageDeliveriesDecay: pubsub.ScoreParameterDecay(10 * time.Minute), // P4
		}
	}
	return &pubsub.PeerScoreParams{
		Topics: byTopic, TopicScoreCap: 60,
		AppSpecificScore: reputation, AppSpecificWeight: 1, // P5
		IPColocationFactorWeight: -10, IPColocationFactorThreshold: maxPerAddress, IPColocationFactorWhitelist: nearby, // P6
		BehaviourPenaltyWeight: -10, BehaviourPenaltyThreshold: 6, BehaviourPenaltyDecay: pubsub.ScoreParameterDecay(10 * time.Minute), // P7
		DecayInterval: tick, DecayToZero: 0.01, RetainScore: 10 * time.Minute,
	}
}

func thresholds() *pubsub.PeerScoreThresholds {
	return &pubsub.PeerScoreThresholds{
		GossipThreshold: gossipThreshold, PublishThreshold: publishThreshold, GraylistThreshold: graylistThreshold,
		AcceptPXThreshold: exchangeThreshold, OpportunisticGraftThreshold: 1,
	}
}
