package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// pageCommands are the commands of a page that are marked to be run, by the machine that their comments name.
func pageCommands(t *testing.T, page string) (out []string) {
	t.Helper()
	text := string(read(t, filepath.Join(root, "docs", page)))
	for _, block := range regexp.MustCompile("(?s)<!-- commands -->\n```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(block[1]) {
			command, machine, ok := strings.Cut(line, "# machine ")
			if want := fmt.Sprintf("%d\n", len(out)+1); !ok || machine != want {
				t.Fatalf("docs/%s: line %q is not machine %d's", page, line, len(out)+1)
			}
			out = append(out, strings.TrimSpace(command))
		}
	}
	return out
}

// TestLANPage runs the commands of docs/lan.md as they stand there, on machines of a network of the test's own that have nothing
// but the programs, the first one the example, too.
func TestLANPage(t *testing.T) {
	t.Parallel()
	commands := pageCommands(t, "lan.md")
	if len(commands) != 5 {
		t.Fatalf("docs/lan.md has %d commands, want four and one", len(commands))
	}
	l := newLAN(t, 5)
	hosts := make([]*host, 5)
	for i := range hosts {
		h := &host{t: t, name: fmt.Sprintf("machine %d", i+1), dir: t.TempDir(), port: 8470, lan: &l.ports[i].port}
		link(t, filepath.Dir(nodeExe), h.file("bin"))
		hosts[i] = h
	}
	link(t, filepath.Join(root, "examples"), hosts[0].file("examples"))
	begin := func(i int) {
		hosts[i].process = launch(t, hosts[i].name, hosts[i].dir,
			[]string{"ip", "netns", "exec", hosts[i].lan.namespace, "sh", "-c", "exec " + commands[i]})
	}
	start := time.Now()
	for _, i := range []int{1, 0, 2, 3} { // one is too early
		begin(i)
	}
	for _, h := range hosts[:4] {
		h.ready()
	}
	founded := time.Since(start)
	network := sameGenesis(t, hosts[:4], 4)
	eventually(t, "a block everywhere", grown(hosts[:4], make([]int64, 4), 1))
	block := time.Since(start)

	begin(4)
	hosts[4].ready()
	if got := sameGenesis(t, hosts, 4); got != network {
		t.Errorf("the fifth is of network %s, the others are of %s", got, network)
	}
	eventually(t, "the fifth has the others' blocks", grown(hosts[4:], make([]int64, 1), 1))
	eventually(t, "one tip", agree(hosts))
	for _, h := range hosts[1:] {
		files, err := filepath.Glob(h.file("doin-data/files/*.csv"))
		if err != nil || len(files) != 1 || string(read(t, files[0])) != string(read(t, filepath.Join(root, "examples", "co2", "mauna_loa_co2_monthly.csv"))) {
			t.Errorf("%s has the files %q (%v)", h.name, files, err)
		}
	}
	t.Logf("four nodes after %v, a block everywhere after %v, %d seconds in all", founded, block, int(time.Since(start).Seconds()))
}

// sameGenesis demands that hosts serve one genesis file with so many evaluators, and are of its network.
func sameGenesis(t *testing.T, hosts []*host, evaluators int) string {
	t.Helper()
	id := ""
	for _, h := range hosts {
		g, err := chain.ParseGenesis(h.must("GET", "/genesis", nil).body)
		if err != nil {
			t.Fatal(err)
		}
		said, err := h.mustGet("/chain/status").String("network_id")
		if err != nil || said != g.NetworkID() || id != "" && said != id || len(g.Evaluators) != evaluators {
			t.Fatalf("%s is of network %s (%v), its genesis file of %s with %d evaluators, want %s with %d", h.name, said, err, g.NetworkID(), len(g.Evaluators), id, evaluators)
		}
		id = said
	}
	return id
}

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

func canonObject(t *testing.T, domain *canon.Object) *canon.Object {
	t.Helper()
	o, err := domain.Object("optimization_config")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestOneConfiguration: the same configuration everywhere, with one bootstrap peer, makes one network, and the data go round.
func TestOneConfiguration(t *testing.T) {
	t.Parallel()
	l := newLAN(t, 3)
	domain := forecast()
	domain.Set("optimization_config", canonObject(t, domain).Set("data", "series.csv"))
	s := settings(domain).Set("host", "0.0.0.0").Set("solo", true).Set("bootstrap_peers", []any{"10.77.0.1:8470"})
	hosts := make([]*host, 3)
	for i := range hosts {
		h := newHost(t, fmt.Sprintf("node-%d", i), s)
		h.port, h.lan = 8470, &l.ports[i].port
		h.configure(s)
		hosts[i] = h
	}
	series := read(t, filepath.Join(root, "examples", "co2", "mauna_loa_co2_monthly.csv"))
	write(t, hosts[0].file("series.csv"), series) // the others have no data
	hosts[2].process = launch(t, hosts[2].name, hosts[2].dir, []string{"ip", "netns", "exec", hosts[2].lan.namespace, nodeExe, "--config", "node.json"})
	hosts[0].run()
	hosts[1].run()
	hosts[2].ready()
	sameGenesis(t, hosts, 1)
	mentions(t, hosts[1].out.String(), "took the network of a bootstrap peer")
	for _, h := range hosts[1:] {
		if files, err := filepath.Glob(h.file("files/*-series.csv")); err != nil || len(files) != 1 || string(read(t, files[0])) != string(series) {
			t.Errorf("%s has fetched %q (%v)", h.name, files, err)
		}
	}
	eventually(t, "peers everywhere", func() error {
		for _, h := range hosts {
			if n, err := h.mustGet("/status").Int("peers"); err != nil || n < 2 {
				return errors.New(h.name + " has fewer than two peers")
			}
		}
		return nil
	})
}
