package node

import (
	"log/slog"
	"maps"
	"slices"
	"sync"

	"doin.network/node/internal/canon"
)

// Bounds on what strangers can make the node say and remember of their versions.
const (
	maxVersions      = 16
	maxVersionsBytes = 1 << 10
)

// versionsRemedy is what to do about other versions.
const versionsRemedy = `set "component_versions" to what the Python nodes have: they take no message and no peer of other versions`

// versions compares what Python nodes say of their components with what this node says of its own: Python nodes drop the
// messages of whoever differs. Its methods are safe for concurrent use.
type versions struct {
	own     *canon.Object
	log     *slog.Logger
	journal *journal

	mu     sync.Mutex
	others map[string]*canon.Object // by the text that they come as
}

func newVersions(own *canon.Object, log *slog.Logger, j *journal) *versions {
	return &versions{own: own, log: log, journal: j, others: map[string]*canon.Object{}}
}

// heard notes the map of a peer. One that differs is warned of once.
func (v *versions) heard(peer string, theirs *canon.Object) {
	if !v.differ(theirs) {
		return
	}
	text := string(canon.Canonical(theirs))
	v.mu.Lock()
	_, known := v.others[text]
	fresh := !known && len(text) <= maxVersionsBytes && len(v.others) < maxVersions
	if fresh {
		v.others[text] = theirs
	}
	v.mu.Unlock()
	if fresh {
		v.log.Warn("a peer has other component versions", "peer", peer, "ours", string(canon.Default(v.own)), "theirs", string(canon.Default(theirs)),
			"remedy", versionsRemedy)
		v.journal.alert("critical", "version_mismatch", "peer "+clip(peer, shortID)+" has other component versions")
	}
}

// differ reports whether a Python node with that map refuses ours: each of its keys must be there with an equal value.
func (v *versions) differ(theirs *canon.Object) bool {
	for key, value := range theirs.All() {
		own, ok := v.own.Get(key)
		if !ok || own != value {
			return true
		}
	}
	return false
}

// list is what GET /status shows: the maps that differ.
func (v *versions) list() []any {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := []any{}
	for _, text := range slices.Sorted(maps.Keys(v.others)) {
		out = append(out, v.others[text])
	}
	return out
}
