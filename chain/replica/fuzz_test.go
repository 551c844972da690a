package replica

import (
	"encoding/base64"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// heard collects what the nodes of a small network say.
type heard struct {
	kinds []string
	data  [][]byte
}

func (h *heard) add(m *chain.Message) {
	text, err := m.Payload.String(dataKey)
	if err != nil {
		return
	}
	if data, err := base64.StdEncoding.DecodeString(text); err == nil {
		h.kinds, h.data = append(h.kinds, m.Type), append(h.data, data)
	}
}

// talk is a network's messages while a claim goes its way, and the network.
func talk(t testing.TB) (*world, *heard) {
	w, h := newWorld(t, 3, nil), &heard{}
	w.hears = h.add
	w.start()
	w.run(3 * slotTime)
	w.accept(w.peers[0], 0.5)
	return w, h
}

// FuzzReceive: whatever a peer says, a node answers or refuses it, and goes on.
func FuzzReceive(f *testing.F) {
	w, h := talk(f)
	for i, data := range h.data {
		if i%7 == 0 {
			f.Add(uint8(i), data)
		}
	}
	kinds := []string{chain.MsgBlockAnnouncement, chain.MsgVote, chain.MsgChainStatus, chain.MsgBlockRequest, chain.MsgBlockResponse, chain.MsgTransaction}
	at := w.peers[1]
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		m := &chain.Message{Type: kinds[int(kind)%len(kinds)], SenderID: w.peers[2].id, Payload: canon.NewObject(dataKey, base64.StdEncoding.EncodeToString(data))}
		w.now += 1000
		at.m.Step(w.now, protocol.Received{Message: m})
		if v := at.m.View(); v.Certified < 1 {
			t.Fatal("the chain is gone")
		}
	})
}
