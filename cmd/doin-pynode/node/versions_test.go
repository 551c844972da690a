package node

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

func TestVersions(t *testing.T) {
	var said bytes.Buffer
	v := newVersions(canon.NewObject("doin-core", "v0.1.0", "gym-fx", "?"), slog.New(slog.NewTextHandler(&said, nil)), &journal{now: time.Now})
	f := func(theirs string, warnings, listed int) {
		t.Helper()
		o, err := canon.ParseObject([]byte(theirs))
		if err != nil {
			t.Fatal(err)
		}
		v.heard("peer", o)
		if got := strings.Count(said.String(), "level=WARN"); got != warnings || len(v.list()) != listed {
			t.Errorf("heard(%.60s): %d warnings, %d listed, want %d, %d", theirs, got, len(v.list()), warnings, listed)
		}
	}
	f(`{}`, 0, 0)
	f(`{"gym-fx": "?", "doin-core": "v0.1.0"}`, 0, 0)
	f(`{"doin-core": "v0.1.0"}`, 0, 0) // it asks for no more
	f(`{"doin-core": "a90bca2", "gym-fx": "?"}`, 1, 1)
	f(`{"gym-fx": "?", "doin-core": "a90bca2"}`, 1, 1) // once
	f(`{"doin-core": "v0.1.0", "agent-multi": "?"}`, 2, 2)
	f(`{"doin-core": ["v0.1.0"]}`, 3, 3)
	f(`{"doin-core": "`+strings.Repeat("x", maxVersionsBytes)+`"}`, 3, 3)
	for _, member := range []string{"v0.1.0", "a90bca2", "component_versions"} {
		if !strings.Contains(said.String(), member) {
			t.Errorf("%q is not in the warning: %s", member, said.String())
		}
	}
	for i := range 2 * maxVersions {
		v.heard("peer", canon.NewObject("doin-core", fmt.Sprint(i)))
	}
	if got := len(v.list()); got != maxVersions {
		t.Errorf("%d maps are remembered, want %d", got, maxVersions)
	}
}
