package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// TestStrangers is a network of three on a LAN on which two machines without a key belong to nobody: one asks for forecasts and
// reveals invented claims of fresh keys, the other sends nested lists. In turns they are quiet and not: the network makes blocks and
// accepts claims as before, no node grows beyond 400 MiB, and no honest author loses a point.
//
// How many blocks some seconds see is chance, some 30 ± 6 in three turns: they are held to half of the quiet ones. DOIN_STRANGERS is
// a number of turns; from 20 on they are held to 80 %. The engine's tests hold the same to 90 % on a virtual clock.
func TestStrangers(t *testing.T) {
	t.Parallel()
	l := newLAN(t, 5)
	s := settings(endless()).Set("host", "0.0.0.0").Set("target_block_time", 1)
	hosts := make([]*host, 3)
	for i := range hosts {
		hosts[i] = newHost(t, fmt.Sprintf("node-%d", i), s)
		hosts[i].lan = &l.ports[i].port
	}
	join(t, hosts, s)
	for _, h := range hosts {
		h.run()
	}
	eventually(t, "three blocks", higher(hosts[0], 2))
	network, err := hosts[0].mustGet("/chain/status").String("network_id")
	if err != nil {
		t.Fatal(err)
	}
	enemies := []stranger{{t, l.ports[3].client, hosts, network}, {t, l.ports[4].client, hosts, network}}
	var blocks, accepted [2]int64
	turns, percent := int64(3), int64(50)
	if n, err := strconv.ParseInt(os.Getenv("DOIN_STRANGERS"), 10, 32); err == nil && n > 0 {
		turns = n
	}
	if turns >= 20 {
		percent = 80
	}
	for range turns {
		for i := range 2 {
			from, _, err := hosts[1].tip()
			if err != nil {
				t.Fatal(err)
			}
			stop := func() {}
			if i == 1 {
				stop = trouble(enemies)
			}
			timer := time.NewTimer(4 * time.Second) // the length of the measurement
			<-timer.C
			stop()
			all, err := hosts[1].blocks()
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range all[from+1:] {
				blocks[i]++
				tasks := 0
				for _, tx := range b.Transactions {
					switch tx.Type {
					case consensus.TxAccepted:
						accepted[i]++
					case consensus.TxTask:
						tasks++
					}
				}
				if tasks > consensus.MaxBlockTasks {
					t.Errorf("block %d holds %d served forecasts", b.Header.Index, tasks)
				}
			}
		}
	}
	t.Logf("quiet and not: %v blocks, %v acceptances", blocks, accepted)
	if 100*blocks[1] < percent*blocks[0] || 100*accepted[1] < percent*accepted[0] {
		t.Errorf("while strangers were at it %d blocks and %d acceptances, else %d and %d", blocks[1], accepted[1], blocks[0], accepted[0])
	}
	for _, h := range hosts {
		if mem := resident(t, h.cmd.Process.Pid); mem > attackedMemory {
			t.Errorf("%s takes %d MiB", h.name, mem>>20)
		}
		for _, o := range hosts {
			if line := fmt.Sprintf(`doin_score{kind="author",name="%s"}`, o.key.PeerID()); strings.Contains(string(h.must("GET", "/metrics", nil).body), line) {
				t.Errorf("%s has fined honest %s", h.name, o.name)
			}
		}
	}
	eventually(t, "the tips agree", agree(hosts))
}

// stranger is a machine of nobody on the LAN.
type stranger struct {
	t       *testing.T
	client  *http.Client
	hosts   []*host
	network string
}

// post sends a body; whatever comes back, or nothing, is no matter.
func (e stranger) post(h *host, path string, body []byte) {
	res, err := e.client.Post("http://"+h.endpoint()+path, "application/json", bytes.NewReader(body))
	if err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
}

// trouble lets the strangers at it until the function it returns is called.
func trouble(enemies []stranger) (stop func()) {
	done := make(chan struct{})
	var busy sync.WaitGroup
	every := func(pace time.Duration, f func(i int)) {
		busy.Go(func() {
			tick := time.NewTicker(pace)
			defer tick.Stop()
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				case <-tick.C:
					f(i)
				}
			}
		})
	}
	lists := []byte(`{"domain_id":"quadratic","task_id":"x","evaluator_id":"y","input_data":{"x":[` + strings.Repeat("[],", 170_000) + `0]}}`)
	small := lists[:60_000]
	for _, h := range enemies[0].hosts {
		every(500*time.Millisecond, func(i int) {
			enemies[0].post(h, "/inference", fmt.Appendf(nil, `{"domain_id": "quadratic", "input_data": {"n": %d}, "wait": 0}`, i))
		})
		every(time.Second, func(i int) {
			enemies[1].post(h, []string{"/message", "/tasks/complete"}[i%2], lists)
			enemies[1].post(h, []string{"/inference", "/tasks/claim"}[i%2], small)
		})
	}
	every(time.Second, func(i int) { enemies[0].invent(i) })
	return func() { close(done); busy.Wait() }
}

// invent commits and reveals, with a new key, a claim that nobody can reproduce.
func (e stranger) invent(i int) {
	k, err := identity.Generate()
	if err != nil {
		e.t.Error(err)
		return
	}
	tip, champion := e.champion()
	if tip == "" {
		return
	}
	parameters, nonce := canon.NewObject("x", []any{float64(i)}), consensus.Nonce(k.PeerID(), [16]byte{byte(i)})
	id := chain.Commitment(parameters, nonce)
	commit := canon.NewObject("commitment_hash", id, "domain_id", "quadratic", "anchor", tip)
	reveal := chain.Sums{}.AppendTo(canon.NewObject("commitment_hash", id, "domain_id", "quadratic", "optimae_id", id, "parameters", parameters,
		"reported_performance", 1e9+float64(i), "nonce", nonce, "champion_metrics", nil, "digest", fmt.Sprintf("%064x", i+1), "anchor", tip, "base", champion))
	for _, m := range []*chain.Message{{Type: chain.MsgOptimaeCommit, Payload: commit}, {Type: chain.MsgOptimaeReveal, Payload: reveal}} {
		m.TTL, m.Timestamp = chain.DefaultTTL, timestamp.FromMicro(time.Now().UnixMicro())
		if err := chain.SignMessage(m, k, e.network); err != nil {
			e.t.Error(err)
			return
		}
		body := canon.Default(m.Object())
		for _, h := range e.hosts {
			e.post(h, "/message", body)
		}
	}
}

// champion returns the tip and the newest accepted claim, as the last blocks have them.
func (e stranger) champion() (tip, id string) {
	height, _, err := e.hosts[0].tip()
	if err != nil {
		return "", ""
	}
	page, err := e.hosts[0].get(fmt.Sprintf("/chain/blocks?from=%d", max(0, height-5)))
	if err != nil {
		return "", ""
	}
	list, _ := page.List("blocks")
	for _, v := range list {
		o, _ := v.(*canon.Object)
		b, err := chain.BlockFromObject(o)
		if err != nil {
			return "", ""
		}
		tip = b.Hash
		for _, tx := range b.Transactions {
			if tx.Type == consensus.TxAccepted {
				id = consensus.Optimae(tx)
			}
		}
	}
	return tip, id
}
