//go:build unix

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

// client asks the nodes; every question is bounded.
var client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 4}}

// answer is what a node said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) String() string { return fmt.Sprintf("%d %.300s", a.status, a.body) }

// object parses the body.
func (a *answer) object() (*canon.Object, error) {
	o, err := canon.ParseObject(a.body)
	if err != nil {
		return nil, fmt.Errorf("answer %v: %w", a, err)
	}
	return o, nil
}

// host is one node of a test: its directory, its key and, while it runs, its process.
type host struct {
	*process
	t    *testing.T
	name string
	dir  string
	port int
	key  *identity.Key
	lan  *port  // where it is, nil on loopback
	exe  string // its program, nodeExe unless it is set
}

func (h *host) file(name string) string { return filepath.Join(h.dir, name) }

func (h *host) endpoint() string {
	address := "127.0.0.1"
	if h.lan != nil {
		address = h.lan.address
	}
	return net.JoinHostPort(address, strconv.Itoa(h.port))
}

// ask sends a request; body nil is none.
func (h *host) ask(method, path string, body []byte) (*answer, error) {
	req, err := http.NewRequestWithContext(h.t.Context(), method, "http://"+h.endpoint()+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	c := client
	if h.lan != nil {
		c = h.lan.client
	}
	res, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 256<<20))
	if err != nil {
		return nil, err
	}
	return &answer{res.StatusCode, res.Header, data}, nil
}

// must is ask of a node that has to answer.
func (h *host) must(method, path string, body []byte) *answer {
	h.t.Helper()
	a, err := h.ask(method, path, body)
	if err != nil {
		h.t.Fatalf("%s %s of %s: %v", method, path, h.name, err)
	}
	return a
}

// get returns the object that a node answers with 200.
func (h *host) get(path string) (*canon.Object, error) {
	a, err := h.ask(http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %v", path, a)
	}
	return a.object()
}

func (h *host) mustGet(path string) *canon.Object {
	h.t.Helper()
	o, err := h.get(path)
	if err != nil {
		h.t.Fatalf("%s: %v", h.name, err)
	}
	return o
}

// tip returns height and hash of the node's tip.
func (h *host) tip() (int64, string, error) {
	o, err := h.get("/chain/status")
	if err != nil {
		return 0, "", err
	}
	height, err1 := o.Int("tip_index")
	hash, err2 := o.String("tip_hash")
	return height, hash, errors.Join(err1, err2)
}

// blocks returns all blocks that the node serves, page by page.
func (h *host) blocks() ([]*chain.Block, error) { return h.blocksFrom(0) }

// blocksFrom is blocks from a height on.
func (h *host) blocksFrom(from int64) ([]*chain.Block, error) {
	var out []*chain.Block
	for {
		page, err := h.get(fmt.Sprintf("/chain/blocks?from=%d", from+int64(len(out))))
		if err != nil {
			return nil, err
		}
		list, err := page.List("blocks")
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			o, _ := v.(*canon.Object)
			b, err := chain.BlockFromObject(o)
			if err == nil {
				err = b.ValidateBasic()
			}
			if err != nil {
				return nil, fmt.Errorf("block %d of %s: %w", from+int64(len(out)), h.name, err)
			}
			out = append(out, b)
		}
		if more, err := page.Bool("has_more"); err != nil || !more || len(list) == 0 {
			return out, err
		}
	}
}

// rounds returns how many rounds the node has made in its first domain since it started.
func (h *host) rounds(domain string) (int64, error) {
	o, err := h.get("/status")
	if err != nil {
		return 0, err
	}
	p, err := o.Object("progress")
	if err != nil {
		return 0, err
	}
	if p, err = p.Object(domain); err != nil {
		return 0, err
	}
	return p.Int("rounds")
}

// port is one end of a network of the test's own.
type port struct {
	namespace, address string
	client             *http.Client // asks from inside
}

// run starts the node's process and waits until it answers.
func (h *host) run(args ...string) {
	h.t.Helper()
	exe := h.exe
	if exe == "" {
		exe = nodeExe
	}
	line := append([]string{exe, "--config", h.file("node.json")}, args...)
	if h.lan != nil {
		line = append([]string{"ip", "netns", "exec", h.lan.namespace}, line...)
	}
	h.process = launch(h.t, h.name, h.dir, line)
	h.ready()
}

func (h *host) ready() {
	h.t.Helper()
	eventually(h.t, h.name+" answers", func() error {
		if h.exited() {
			h.t.Fatalf("%s ended early: %v", h.name, h.err)
		}
		_, err := h.get("/health")
		return err
	})
}
