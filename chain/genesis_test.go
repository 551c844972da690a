package chain_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

func newGenesis(t testing.TB) *chain.Genesis {
	t.Helper()
	g := &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Parameters: chain.DefaultParameters(), Domains: []chain.Domain{chain.DefaultDomain("co2")}}
	g.Parameters.StartTime = when
	g.Parameters.Name = "test"
	for i := range 3 {
		k := key(t, fmt.Sprint(i))
		g.Evaluators = append(g.Evaluators, chain.Evaluator{PeerID: k.PeerID(), PublicKey: k.PublicKey()})
	}
	return g
}

func TestGenesisRoundTrip(t *testing.T) {
	g := newGenesis(t)
	if err := g.Validate(); err != nil {
		t.Fatal(err)
	}
	back, err := chain.ParseGenesis(canon.AppendIndent(nil, g.Object()))
	if err != nil {
		t.Fatal(err)
	}
	if back.NetworkID() != g.NetworkID() || !chain.IsHash(g.NetworkID()) || !canon.Equal(back.Object(), g.Object()) {
		t.Errorf("network ids %s and %s", g.NetworkID(), back.NetworkID())
	}
	if back.Parameters != g.Parameters || !back.Domains[0].Equal(&g.Domains[0]) || back.Evaluators[2] != g.Evaluators[2] {
		t.Errorf("parsed %+v, want %+v", back, g)
	}
	g.Parameters.RevealDelay = 3
	if back.NetworkID() == g.NetworkID() {
		t.Error("the network id does not cover the parameters")
	}
}

func TestGenesisDefaults(t *testing.T) {
	text := `{"domains": [{"domain_id": "d", "weight": 2}], "parameters": {"start_time": "2026-01-02T03:04:05Z", "target_block_time": 20}}`
	g, err := chain.ParseGenesis([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := chain.DefaultParameters()
	want.StartTime, want.TargetBlockTime = g.Parameters.StartTime, 20
	domain := chain.DefaultDomain("d")
	domain.Weight = 2
	got, ok := g.Domain("d")
	if g.Parameters != want || !ok || !got.Equal(&domain) || g.Parameters.StartTime.Wire() != "2026-01-02T03:04:05Z" {
		t.Errorf("parsed %+v", g)
	}
	o, err := canon.ParseObject([]byte(text))
	if err != nil || g.NetworkID() != canon.Hash(o) {
		t.Errorf("the network id must be the hash of the file's own object (%v)", err)
	}
	g.Object().Set("x", 1)
	if g.NetworkID() != canon.Hash(o) {
		t.Error("Object hands out the genesis' own object")
	}
	if _, ok := g.Domain("absent"); ok {
		t.Error("found an absent domain")
	}
}

// withFile returns a genesis whose domain has settings and a file.
func withFile(t testing.TB) *chain.Genesis {
	g := newGenesis(t)
	g.Domains[0].Config = canon.NewObject("period", 12)
	g.Domains[0].Files = []chain.File{{Key: "data", Name: "co2.csv", SHA256: strings.Repeat("0a", 32), Size: 7}}
	return g
}

func TestGenesisFiles(t *testing.T) {
	g := withFile(t)
	back, err := chain.ParseGenesis(canon.Default(g.Object()))
	if err != nil || !back.Domains[0].Equal(&g.Domains[0]) || back.Domains[0].Files[0] != g.Domains[0].Files[0] {
		t.Fatalf("parsed %+v, %v, want %+v", back, err, g)
	}
	bare := newGenesis(t)
	if g.Domains[0].Equal(&bare.Domains[0]) || bytes.Contains(canon.Default(bare.Object()), []byte("files")) {
		t.Error("an entry with a file equals one without, or names its absence")
	}
	f := func(find, replace, want string) {
		t.Helper()
		text := string(canon.Default(g.Object()))
		changed := strings.Replace(text, find, replace, 1)
		if _, err := chain.ParseGenesis([]byte(changed)); changed == text || !errors.Is(err, chain.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v does not name %q", replace, err, want)
		}
	}
	f(`"config": {"period": 12}`, `"config": null`, "domains[0].config")
	f(`"files": [{`, `"files": [7, {`, "domains[0].files[0]")
	f(`"key": "data"`, `"key": ""`, "domains[0].files[0].key")
	f(`"key": "data"`, `"kay": "data"`, `domains[0].files[0]."kay"`)
	f(`"co2.csv"`, `"../co2.csv"`, "domains[0].files[0].name")
	f(`"co2.csv"`, `".."`, "domains[0].files[0].name")
	f(`"co2.csv"`, `""`, "domains[0].files[0].name")
	f(`"0a0a`, `"0A0a`, "domains[0].files[0].sha256")
	f(`"size": 7`, `"size": -1`, "domains[0].files[0].size")
	f(`"size": 7`, `"size": 1e3`, "domains[0].files[0].size")
	f(`, "size": 7`, ``, "domains[0].files[0].size")
	twice := withFile(t)
	twice.Domains[0].Files = append(twice.Domains[0].Files, twice.Domains[0].Files[0])
	if err := twice.Validate(); err == nil || !strings.Contains(err.Error(), `files[1].key "data": twice`) {
		t.Errorf("a key twice: %v", err)
	}
}

func TestCheckFormat(t *testing.T) {
	f := func(head string, protocol, format int, ok bool) {
		t.Helper()
		g, err := chain.ParseGenesis([]byte(`{` + head + `"domains": [{"domain_id": "d"}], "parameters": {"start_time": "2026-01-02T03:04:05Z"}}`))
		if err != nil {
			t.Errorf("ParseGenesis(%s) = %v", head, err)
			return
		}
		err = g.CheckFormat()
		var wrong *chain.FormatError
		if g.Protocol != protocol || g.Format != format || (err == nil) != ok ||
			!ok && (!errors.As(err, &wrong) || *wrong != chain.FormatError{Protocol: protocol, Format: format}) {
			t.Errorf("ParseGenesis(%s) = protocol %d, format %d, CheckFormat %v; want %d, %d, ok %v", head, g.Protocol, g.Format, err, protocol, format, ok)
		}
	}
	f(``, 1, 0, false)
	f(`"protocol": 1, "format": 1, `, 1, 1, false)
	f(`"protocol": 1, "format": 2, `, 1, 2, true)
	f(`"protocol": 1, "format": 3, `, 1, 3, false)
	f(`"protocol": 2, "format": 1, `, 2, 1, true)
	f(`"protocol": 2, "format": 2, `, 2, 2, false)
}

func TestTrainingSeed(t *testing.T) {
	commitment := strings.Repeat("c0", 32)
	f := func(domain, draw string, member int, want uint64) {
		t.Helper()
		if got := chain.TrainingSeed(domain, draw, member); got != want {
			t.Errorf("TrainingSeed(%q, %.8q, %d) = %d, want %d", domain, draw, member, got, want)
		}
	}
	f("co2", commitment, 0, 6823678159860070508)
	f("co2", commitment, 1, 13173504483716032669)
	f("", "", 0, 13350414016820513114)
	f("día\"", "x", 0, 9405427697923122235)
	if got, want := chain.TrainingSeeds("co2", commitment, 2), []uint64{6823678159860070508, 13173504483716032669}; !slices.Equal(got, want) {
		t.Errorf("TrainingSeeds = %d, want %d", got, want)
	}
}

func TestParseGenesisRefuses(t *testing.T) {
	f := func(find, replace, want string) {
		t.Helper()
		text := string(canon.Default(newGenesis(t).Object()))
		changed := strings.Replace(text, find, replace, 1)
		if changed == text {
			t.Fatalf("%q is not in %s", find, text)
		}
		_, err := chain.ParseGenesis([]byte(changed))
		if !errors.Is(err, chain.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v does not name %q", replace, err, want)
		}
	}
	f(`"target_block_time": 600.0`, `"target_block_time": 0`, "parameters.target_block_time")
	f(`"target_block_time": 600.0`, `"target_block_time": "600"`, "parameters.target_block_time")
	f(`"target_block_time": 600.0`, `"target_block_time": null`, "parameters.target_block_time")
	f(`"target_block_time": 600.0`, `"target_block_tim": 600.0`, `parameters."target_block_tim"`)
	f(`"quorum_min_evaluators": 3`, `"quorum_min_evaluators": 3.0`, "quorum_min_evaluators")
	f(`"quorum_min_evaluators": 3`, `"quorum_min_evaluators": 9223372036854775807`, "quorum_min_evaluators")
	f(`"quorum_tolerance": 0.05`, `"quorum_tolerance": -1`, "quorum_tolerance")
	f(`"commit_reveal_max_age": 600.0`, `"commit_reveal_max_age": 1`, "commit_reveal_max_age")
	f(`"start_time": "2026-01-02T03:04:05.678901Z"`, `"start_time": "2026-01-02"`, "start_time")
	f(`"start_time": "2026-01-02T03:04:05.678901Z"`, `"start_time": "x"`, "start_time")
	f(`"start_time": "2026-01-02T03:04:05.678901Z", `, ``, "start_time")
	f(`"has_synthetic_data": true`, `"has_synthetic_data": 1`, "domains[0].has_synthetic_data")
	f(`"domain_id": "co2"`, `"domain_id": ""`, "domains[0].domain_id")
	f(`"data_hash": ""`, `"data_hash": "x"`, "domains[0].data_hash")
	f(`"performance_scale": 1.0`, `"performance_scale": 1e-07`, "domains[0].performance_scale")
	f(`"seeds": 4`, `"seeds": 0`, "domains[0].seeds")
	f(`"seeds": 4`, `"seeds": 65`, "domains[0].seeds")
	f(`"seeds": 4`, `"seeds": "4"`, "domains[0].seeds")
	f(`"noise_z2": 4`, `"noise_z2": -1`, "domains[0].noise_z2")
	f(`"noise_z2": 4`, `"noise_z2": 2.25`, "domains[0].noise_z2")
	f(`"noise_z2": 4`, `"noise_z2": "9/0"`, "domains[0].noise_z2")
	f(`"noise_z2": 4`, `"noise_z2": "+9/4"`, "domains[0].noise_z2")
	f(`"plugin": ""`, `"plugins": ""`, `domains[0]."plugins"`)
	f(`"domains": [{`, `"domains": [7, {`, "domains[0]")
	f(`"domains": [`, `"domain": [`, `"domain"`)
	f(`"domains": [`, `"domains": {}, "x": [`, "domains")
	f(`"peer_id": "`+key(t, "0").PeerID(), `"peer_id": "`+key(t, "9").PeerID(), "evaluators[0].peer_id")
	f(`"peer_id"`, `"peer"`, "evaluators[0]")
	f(`"public_key": "30`, `"public_key": "31`, "evaluators[0].public_key")
	f(`{"protocol"`, `["protocol"`, "byte")
	f(`"protocol": 1, `, ``, "want both")
	f(`"format": 2, `, ``, "want both")
	f(`"format": 2`, `"format": -1`, "format -1")
	f(`"format": 2`, `"format": "1"`, "format")
	f(`"protocol": 1`, `"protocol": 0`, "protocol 0")
	f(`"protocol": 1`, `"protocol": 1.0`, "protocol")
	f(`"solo": false`, `"solo": 0`, "parameters.solo")
	f(`"name": "test"`, `"name": NaN`, "byte")

	// Everything wrong is reported at once.
	_, err := chain.ParseGenesis([]byte(`{"parameters": {"reveal_delay": -1}, "evaluators": [{}]}`))
	for _, want := range []string{"reveal_delay", "start_time", "domains", "evaluators[0]"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
	twice := newGenesis(t)
	twice.Evaluators = append(twice.Evaluators, twice.Evaluators[0])
	twice.Domains = append(twice.Domains, twice.Domains[0])
	if err := twice.Validate(); err == nil || strings.Count(err.Error(), "twice") != 2 {
		t.Errorf("duplicates: %v", err)
	}
}

// TestMayLeave: a file without the parameter stays what it was.
func TestMayLeave(t *testing.T) {
	g := newGenesis(t)
	without := string(canon.Default(g.Object()))
	if strings.Contains(without, "evaluators_may_leave") {
		t.Error("a file without the parameter names it")
	}
	g.Parameters.MayLeave = true
	back, err := chain.ParseGenesis(canon.Default(g.Object()))
	if err != nil || back.Parameters != g.Parameters {
		t.Errorf("parsed %+v, %v", back, err)
	}
	if _, err := chain.ParseGenesis([]byte(strings.Replace(without, `"solo": false`, `"evaluators_may_leave": 1`, 1))); !errors.Is(err, chain.ErrInvalid) {
		t.Errorf("ParseGenesis of a number = %v", err)
	}
}

// TestGrants: grants are part of the file only where there are some, and of the network's id then.
func TestGrants(t *testing.T) {
	g := newGenesis(t)
	without := g.NetworkID()
	if g.Object().Has("grants") {
		t.Error("a file without grants names them")
	}
	g.Grants = []chain.Grant{{PeerID: key(t, "7").PeerID(), Amount: "12.5"}}
	back, err := chain.ParseGenesis(canon.Default(g.Object()))
	if err != nil || !slices.Equal(back.Grants, g.Grants) || back.NetworkID() != g.NetworkID() || g.NetworkID() == without {
		t.Errorf("parsed %+v, %v", back, err)
	}
	g.Grants = append(g.Grants, g.Grants[0], chain.Grant{PeerID: "x", Amount: "1"})
	if err := g.Validate(); err == nil || !strings.Contains(err.Error(), "grants[1].peer_id") || !strings.Contains(err.Error(), "grants[2].peer_id") {
		t.Errorf("Validate = %v", err)
	}
	if _, err := chain.ParseGenesis([]byte(strings.Replace(string(canon.Default(back.Object())), `"12.5"`, "12.5", 1))); err == nil {
		t.Error("an amount that is a number is taken")
	}
}

func FuzzParseGenesis(f *testing.F) {
	f.Add(canon.Default(newGenesis(f).Object()))
	f.Add(canon.Default(withFile(f).Object()))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := chain.ParseGenesis(data)
		if err != nil {
			if !errors.Is(err, chain.ErrInvalid) {
				t.Fatalf("%v does not match ErrInvalid", err)
			}
			return
		}
		again, err := chain.ParseGenesis(canon.Default(g.Object()))
		if err != nil || again.NetworkID() != g.NetworkID() {
			t.Fatalf("round trip: %v", err)
		}
	})
}

// A domain's agreement is a member where it is not exact, so that files that were made before keep their hash.
func TestGenesisAgreement(t *testing.T) {
	g := newGenesis(t)
	if g.Domains[0].Agreement = (agreement.Agreement{}); strings.Contains(string(canon.Canonical(g.Object())), "agreement") {
		t.Errorf("an exact agreement is written: %s", canon.Canonical(g.Object()))
	}
	before := g.NetworkID()
	g.Domains[0].Agreement = agreement.Default
	back, err := chain.ParseGenesis(canon.AppendIndent(nil, g.Object()))
	if err != nil || !back.Domains[0].Equal(&g.Domains[0]) || back.NetworkID() == before {
		t.Errorf("parsed %+v, %v, want %+v and another network than %.8s", back, err, g.Domains[0], before)
	}
	f := func(min float64, v any, want string) {
		t.Helper()
		o := g.Object()
		list, _ := o.List("domains")
		list[0].(*canon.Object).Set("agreement", v).Set("min_increment", min)
		_, err := chain.ParseGenesis(canon.AppendIndent(nil, o))
		if want == "" && err != nil || want != "" && (!errors.Is(err, chain.ErrInvalid) || !strings.Contains(err.Error(), want)) {
			t.Errorf("agreement %v, min_increment %v: %v, want %q", v, min, err, want)
		}
	}
	within := func(r string) *canon.Object { return canon.NewObject("within", r) }
	f(0, "exact", "")
	f(0.002, within("1/1000"), "")
	f(0.001999, within("1/1000"), "want at least twice the agreement, 2·1/1000")
	f(0, within("1/1000000"), "want at least twice the agreement")
	f(0.000002, within("1/1000000"), "")
	f(0.2, within("1/10"), "")
	f(0.5, within("1/5"), "domains[0].agreement: want")
	f(0.5, "roughly", "domains[0].agreement: want")
	f(0.5, nil, "domains[0].agreement: want")

	// Models on which machines do not agree bit for bit: a domain that names one is not exact.
	g.Domains[0].Plugin = "forecast"
	for model, exact := range map[string]bool{"mlp": true, "gru": false, "lstm": false, "attention": false} {
		g.Domains[0].Config = canon.NewObject("models", []any{"tcn", model})
		want := ""
		if !exact {
			want = "names model \"" + model + "\""
		}
		f(0.01, "exact", want)
		f(0.01, within("1/1000"), "")
	}
	g.Domains[0].Plugin = "exec:./own" // whose models are its own
	f(0.01, "exact", "")
}

// What only certified chains have stands in their files, and in no others.
func TestCertifiedGenesis(t *testing.T) {
	g := &chain.Genesis{Protocol: chain.Certified, Format: chain.CertifiedFormat, Parameters: chain.DefaultParameters(), Domains: []chain.Domain{chain.DefaultDomain("d")}}
	g.Parameters.StartTime = timestamp.FromMicro(1_700_000_000_000_000)
	g.Parameters.SlotTime, g.Parameters.StampBits = 0.5, 9
	g.Domains[0].VerifyWindow, g.Domains[0].LargestIncrement = 40, 2.5
	data := canon.Default(g.Object())
	got, err := chain.ParseGenesis(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.CheckFormat(); err != nil {
		t.Error(err)
	}
	if p, d := got.Parameters, got.Domains[0]; p.SlotTime != 0.5 || p.StampBits != 9 || d.VerifyWindow != 40 || d.LargestIncrement != 2.5 {
		t.Errorf("read as %+v, %+v", p, d)
	}
	if got.NetworkID() != g.NetworkID() {
		t.Error("written and read, it is another network")
	}

	g.Protocol, g.Format = chain.Protocol, chain.Format
	if text := string(canon.Default(g.Object())); strings.Contains(text, "slot_time") || strings.Contains(text, "verify_window") {
		t.Errorf("a file of protocol 1 says %s", text)
	}
	for _, name := range []string{"slot_time", "verify_window"} {
		old := strings.Replace(string(data), `"protocol": 2`, `"protocol": 1`, 1)
		if _, err := chain.ParseGenesis([]byte(old)); !errors.Is(err, chain.ErrInvalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("a file of protocol 1 with %s: %v", name, err)
		}
	}
}
