package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// attackOddities sends what HTTP and JSON allow and nobody needs: compressed bodies, chunks of every size, lengths that contradict
// each other, expectations, members that come twice. Nothing of it is taken, and nothing of it is an error of the node's.
func attackOddities(t *testing.T, e *enemy) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write(bytes.Repeat([]byte(`{"a": 0, `), 2_000_000))
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	const head = "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	odd := []string{
		"Content-Encoding: gzip\r\nContent-Length: " + fmt.Sprint(zipped.Len()) + "\r\n\r\n" + zipped.String(),
		"Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\n{\r\n", 10_000) + "0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\n2;" + strings.Repeat("x=y;", 100_000) + "\r\n{}\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + strings.Repeat("X: y\r\n", 100_000) + "\r\n",
		"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\n\r\n",
		"Content-Length: -1\r\n\r\n{}",
		"Content-Length: 99999999999999999999\r\n\r\n{}",
		"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
		"Content-Length: 2\r\n\r\n{}GET /\x00 HTTP/9.9\r\n\r\n",
		"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 60\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n\r\n",
		"Content-Length: 41\r\n\r\n" + `{"domain_id": "x", "domain_id": "nobody's"}`[:41],
		"Content-Length: 22\r\n\r\n" + `{"payload": 1e9999999}`,
	}
	for n, path := range []string{"/message", "/inference", "/tasks/claim", "/tasks/complete", "/transactions"} {
		own := newEnemy(t, e.host, fmt.Sprintf("127.0.4.%d", n+1), e.friend, e.network)
		for i, text := range odd {
			c, err := own.dialer().Dial("tcp", e.endpoint())
			if err != nil {
				continue // cut off
			}
			_ = c.SetDeadline(time.Now().Add(2 * attackedTimeout * time.Second)) // a connection just made
			_, _ = io.WriteString(c, fmt.Sprintf(head, path)+text)               // closed meanwhile: an error
			answer, _ := io.ReadAll(io.LimitReader(c, 1<<20))
			c.Close()
			if line, _, _ := strings.Cut(string(answer), "\r\n"); strings.Contains(line, " 200 ") || strings.Contains(line, " 500 ") {
				t.Errorf("%s, oddity %d: %q", path, i, line)
			}
		}
	}
}

// attackReaders asks for pages of blocks, each a copy of its own, on as many connections as there may be, many on each, and reads
// nothing.
func attackReaders(t *testing.T, e *enemy) {
	for i := range attackedPerAddr - 10 {
		c, err := e.dialer().Dial("tcp", e.endpoint())
		if err != nil {
			continue // cut off
		}
		defer c.Close()
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(4 << 10)
		}
		_ = c.SetWriteDeadline(time.Now().Add(time.Second)) // a connection just made
		var text strings.Builder
		for j := range 200 {
			fmt.Fprintf(&text, "GET /chain/blocks?from=0&request_id=%d-%d HTTP/1.1\r\nHost: x\r\n\r\n", i, j)
		}
		_, _ = io.WriteString(c, text.String()) // it takes no more than it answers
	}
	before, _, err := e.tip()
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "blocks while nobody reads", higher(e.host, before))
}

// attackAnswers is eight peers that prove their keys, announce blocks, and answer what is asked of the chain with bodies without
// end, lists of lists, redirections to where nobody should go, half an answer, or nothing.
func attackAnswers(t *testing.T, e *enemy) {
	lists := `{"blocks": [` + strings.Repeat("[],", 5<<19) // below the limit of a page
	var asked, elsewhere atomic.Int64
	answers := []func(w http.ResponseWriter, r *http.Request){
		func(w http.ResponseWriter, _ *http.Request) { // without end
			for {
				if _, err := io.WriteString(w, lists); err != nil {
					return
				}
			}
		},
		func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, lists+"[]]}") },
		func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+r.Host+"/elsewhere", http.StatusFound)
		},
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000000")
			_, _ = io.WriteString(w, `{"blocks": [`)
		},
		func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"blocks": [`+strings.Repeat("9", 1<<20)+"]}")
		},
		func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("y", 1<<20)) },
		func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer z.Close()
			for range 100 {
				if _, err := io.WriteString(z, lists); err != nil {
					return
				}
			}
		},
	}
	for i, answer := range answers {
		k, err := identity.Generate()
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", net.JoinHostPort(e.address, "0"))
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/peers":
				proof, err := k.Sign(identity.KindChallenge, e.network, []byte(r.URL.Query().Get("challenge")))
				if err != nil {
					t.Error(err)
				}
				self := canon.NewObject("peer_id", k.PeerID(), "port", port, "public_key", k.PublicKey(), "network_id", e.network, "proof", proof)
				_, _ = w.Write(canon.Default(canon.NewObject("self", self, "peers", []any{}))) // it may have gone
			case "/message":
				answer(w, r)
			case "/chain/status":
				if i%2 == 1 && asked.Add(1)%3 == 0 {
					answer(w, r)
					return
				}
				_, _ = w.Write(canon.Default(canon.NewObject("chain_height", 1<<30, "tip_index", 1<<30-1, "tip_hash", fmt.Sprintf("%064x", asked.Add(1)),
					"finalized_height", 0, "network_id", e.network)))
			case "/elsewhere":
				elsewhere.Add(1)
			default:
				asked.Add(1)
				answer(w, r)
			}
		})}
		served := make(chan error, 1)
		go func() { served <- server.Serve(l) }()
		defer func() { server.Close(); <-served }()
		for kind, payload := range map[string]*canon.Object{
			chain.MsgPeerDiscovery: canon.NewObject(chain.MetaSenderPort, port),
			chain.MsgBlockAnnouncement: canon.NewObject("block_index", 1<<30-1, "block_hash", fmt.Sprintf("%064x", i), "previous_hash", fmt.Sprintf("%064x", 1),
				"generator_id", k.PeerID(), "transaction_count", 0, "weighted_performance_sum", 1.0, "threshold", 1.0, chain.MetaSenderPort, port),
		} {
			m := &chain.Message{Type: kind, TTL: 1, Timestamp: timestamp.FromMicro(time.Now().UnixMicro()), Payload: payload}
			if status := e.post(sign(t, m, k, e.network)); status != http.StatusOK {
				t.Errorf("%s: %d", kind, status)
			}
		}
	}
	eventually(t, "the enemies were asked for blocks, and blocks were made", func() error {
		if n := asked.Load(); n < int64(4*len(answers)) {
			return fmt.Errorf("%d times", n)
		}
		return nil
	})
	if n := elsewhere.Load(); n > 0 {
		t.Errorf("a redirection was followed %d times", n)
	}
	before, _, err := e.tip()
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "blocks beside such peers", higher(e.host, before))
}
