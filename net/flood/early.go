package flood

import "doin.network/node/chain"

// EarlyMaxBytes is the largest body that a node of the reference's first revision reads.
const EarlyMaxBytes = 1 << 20

// knows reports whether p can read a message of a kind and size.
func (p Peer) knows(kind string, sizeBytes int) bool {
	if !p.Early {
		return true
	}
	switch kind {
	case chain.MsgOptimaeCommit, chain.MsgOptimaeReveal, chain.MsgOptimaeAnnouncement, chain.MsgTaskCreated, chain.MsgTaskClaimed,
		chain.MsgTaskCompleted, chain.MsgBlockAnnouncement, chain.MsgChainStatus, chain.MsgBlockRequest, chain.MsgBlockResponse,
		chain.MsgPeerDiscovery, chain.MsgEvaluationRequest, chain.MsgEvaluationResponse:
		return sizeBytes <= EarlyMaxBytes
	}
	return false
}
