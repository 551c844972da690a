package optimae

import "testing"

// Who has nothing commits by a stamp, one claim at a time; a stamp is no other author's.
func TestStamp(t *testing.T) {
	w := newWorld(t, 4, "stamp")
	for w.final < 5 {
		w.step()
	}
	mine := func(author, recipe string, bits int) Tx {
		var on passed
		load(w.state, blockKey(w.final), &on)
		_, _, c := promise(author, recipe)
		nonce := int64(0)
		for zeros(w.rules.StampHash(c, on.hash, author, nonce)) != bits {
			nonce++
		}
		return NewTx(author, &Commit{Domain: "d", Commitment: c, Stamped: true, Stamp: Stamp{w.final, nonce}})
	}
	weak, good := mine(called("new"), "500", w.rules.StampBits-1), mine(called("new"), "500", w.rules.StampBits)
	refused(t, "a weak stamp", w.step(weak))
	refused(t, "a stamp of who can pay", w.step(mine(name(0), "500", w.rules.StampBits)))
	w.good(w.step(good))
	refused(t, "a second stamped claim", w.step(mine(called("other"), "501", w.rules.StampBits)))
}
