package flood

import (
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// TestRelayAsIs forwards a message as it came: the id by which the reference's gossip mode knows it covers the metadata.
func TestRelayAsIs(t *testing.T) {
	for _, asIs := range []bool{false, true} {
		f := newFixture(t, func(c *Config) { c.AllowUnsigned, c.RelayAsIs = true, asIs },
			Peer{ID: "other", Host: "10.0.0.9", Port: 8470, Endpoint: "10.0.0.9:8470"})
		f.run(t)
		m := &chain.Message{Type: chain.MsgOptimaeCommit, SenderID: strings.Repeat("01", 20), TTL: chain.DefaultTTL, Timestamp: timestamp.FromTime(noon),
			Payload: canon.NewObject("commitment_hash", "c", "domain_id", "d", chain.MetaSenderPort, int64(8470),
				chain.MetaComponentVersions, canon.NewObject("doin-core", "v0.1.0"))}
		want := chain.GossipID(m)
		if err := f.Receive(t.Context(), "10.0.0.8", canon.Default(canon.NewObject("type", "message", "data", m.Object()))); err != nil {
			t.Fatal(err)
		}
		var body string
		select {
		case s := <-f.sent:
			_, body, _ = strings.Cut(s, " ")
		case <-time.After(10 * time.Second):
			t.Fatal("nothing was forwarded")
		}
		copied, err := Decode([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := chain.GossipID(copied); (got == want) != asIs {
			t.Errorf("relay as is %v: gossip id kept %v", asIs, got == want)
		}
		if copied.TTL != chain.DefaultTTL-1 || chain.FloodID(copied) != chain.FloodID(m) {
			t.Errorf("relay as is %v: ttl %d, or another message", asIs, copied.TTL)
		}
		if copied.Payload.Has(chain.MetaForwarderID) == asIs {
			t.Errorf("relay as is %v: forwarder named %v", asIs, copied.Payload.Has(chain.MetaForwarderID))
		}
		if f.got[0].Payload.Has(chain.MetaSenderPort) {
			t.Errorf("relay as is %v: the handler sees metadata", asIs)
		}
	}
}

// TestEndOfTTL drops a message at its end: silently among Python nodes, which send such, as an offence elsewhere.
func TestEndOfTTL(t *testing.T) {
	for _, unsigned := range []bool{false, true} {
		f := newFixture(t, func(c *Config) { c.AllowUnsigned = unsigned })
		m := message(t, key(t, "a"), func(m *chain.Message) { m.TTL = 0 })
		if err := f.Receive(t.Context(), "10.0.0.8", encode(m)); (err == nil) != unsigned || f.len() != 0 {
			t.Errorf("unsigned messages allowed %v: %v, %d delivered", unsigned, err, f.len())
		}
	}
}
