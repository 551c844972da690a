package p2p

import (
	"net"
	"testing"

	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"

	"doin.network/node/chain/identity"
)

// victim is an address that others name as a peer's, with who has dialled it.
type victim struct {
	net.Listener
	dialled chan struct{}
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	v := &victim{Listener: l, dialled: make(chan struct{}, 64)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
			v.dialled <- struct{}{}
		}
	}()
	return v
}

// named is the victim as a peer that holds a key, by a record that signer has signed.
func (v *victim) named(t *testing.T, holder, signer *identity.Key) *pb.PeerInfo {
	t.Helper()
	own, err := hostKey(holder)
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	at, err := manet.FromNetAddr(v.Addr())
	if err != nil {
		t.Fatal(err)
	}
	private, err := hostKey(signer)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := record.Seal(&peer.PeerRecord{PeerID: id, Addrs: []multiaddr.Multiaddr{at}, Seq: 1}, private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := sealed.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return &pb.PeerInfo{PeerID: []byte(id), SignedPeerRecord: text}
}

// prune has from tell to that it leaves a mesh, and name other peers instead, so many times. The
// peer's own stream may take the place of this one at any time: repeat it until it has its effect.
func prune(t *testing.T, from, to *started, times int, others ...*pb.PeerInfo) {
	t.Helper()
	s, err := from.host.NewStream(t.Context(), to.host.ID(), "/meshsub/1.1.0")
	if err != nil {
		return
	}
	rpc := &pb.RPC{Control: &pb.ControlMessage{Prune: []*pb.ControlPrune{{TopicID: proto.String(to.topicName("claims")), Peers: others, Backoff: proto.Uint64(1)}}}}
	for range times {
		if _, err := protodelim.MarshalTo(s, rpc); err != nil {
			return
		}
	}
}

// TestPoisonedExchange: the word of a peer without a good score about other peers makes us dial nobody, and that of one with a good score
// about somebody who has not signed it neither.
func TestPoisonedExchange(t *testing.T) {
	trusted := key(t, "trusted").PeerID()
	a := start(t, "a", func(c *Config) {
		c.AllowLoopback = true
		c.Reputation = func(id string) float64 {
			if id == trusted {
				return 2 * exchangeThreshold
			}
			return 0
		}
	})
	stranger, good := start(t, "stranger", to(a)), start(t, "trusted", to(a))
	linked(t, a, stranger)
	linked(t, a, good)
	until(t, "both are in the mesh", func() bool { return a.Stats().Mesh["claims"] == 2 }) // their own streams are open: none replaces ours
	hearsay, forged, signed := newVictim(t), newVictim(t), newVictim(t)
	x, y, z := key(t, "x"), key(t, "y"), key(t, "z")
	until(t, "the stranger has left the mesh", func() bool {
		prune(t, stranger, a, 1, hearsay.named(t, x, x))
		return a.Stats().Mesh["claims"] < 2
	})
	until(t, "who has signed where it is was dialled", func() bool {
		prune(t, good, a, 1, forged.named(t, y, x), signed.named(t, z, z))
		return len(signed.dialled) > 0
	})
	for what, v := range map[string]*victim{"a stranger's word": hearsay, "a forged record": forged} {
		select {
		case <-v.dialled:
			t.Errorf("%s was dialled", what)
		default:
		}
	}
}

// TestPruneOfNobody: who leaves a mesh that it is not in, however often, does not make it smaller, and who is gone is in none.
func TestPruneOfNobody(t *testing.T) {
	a := start(t, "a", nil)
	b, c := start(t, "b", to(a)), start(t, "c", to(a))
	for _, n := range []*started{b, c} {
		linked(t, a, n)
	}
	until(t, "both are in the mesh", func() bool { return a.Stats().Mesh["claims"] == 2 })
	until(t, "b has left the mesh", func() bool {
		prune(t, b, a, 50)
		return a.Stats().Mesh["claims"] == 1
	})
	c.stop()
	until(t, "c has, too", func() bool { return a.Stats().Mesh["claims"] == 0 })
	b.stop()
	until(t, "no link is left", func() bool { return len(a.Peers()) == 0 })
	if m := a.Stats().Mesh; m["claims"] != 0 || m["blocks"] != 0 {
		t.Errorf("mesh = %v, want nobody", m)
	}
}
