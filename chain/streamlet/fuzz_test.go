package streamlet

import "testing"

// FuzzStep feeds a machine of a network of four with what bytes say: messages made of blocks, signatures and certificates that exist,
// with members exchanged and numbers changed. Nothing panics, what it holds is bounded, and what was final stays.
func FuzzStep(f *testing.F) {
	f.Add([]byte("0123456789"))
	f.Add([]byte{1, 1, 0, 9, 2, 5, 0, 3, 3, 4, 1, 200, 4, 0, 0, 0, 0, 2, 3, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		w := quiet(7, 4)
		for range 3 {
			w.submit(w.nodes[3], record{})
			w.net.Advance(9 * slotTime)
		}
		x := w.nodes[0]
		final := x.m.Tree().Final()
		known := w.known()
		for len(data) >= 4 {
			kind, which, field, by := data[0], int(data[1]), data[2], int64(int8(data[3]))
			data = data[4:]
			n := x.m.Tree().Best()
			if len(known) > 0 {
				n = known[which%len(known)]
			}
			b := *n.Block
			switch field % 6 {
			case 0:
				b.Height += by
			case 1:
				b.Slot += by
			case 2:
				b.Parent = known[int(uint8(by))%len(known)].ID
			case 3:
				b.Certificate = known[int(uint8(by))%len(known)].certificate
			case 4:
				b.ID[0] += byte(by)
				b.Slot += 3
				b.Leader = w.nodes[int(uint8(by))%4].id
			}
			s := &Signature{b.ID, b.Slot, w.nodes[which%4].id, simKey(w.nodes[which%4].id).Sign(b.Slot, b.ID)}
			message := []Message{{Block: &b}, {Signature: s}, {Tip: &Tip{by, b.Certificate}}, {Request: &Request{by, b.Parent}},
				{Branch: &Branch{[]*Block{&b, n.Block}, b.Certificate}}, {}, {Tip: &Tip{}}}[int(kind)%7]
			x.m.Step(Received{w.nodes[1].id, message})
			x.m.Step(Tick{x.m.slot + max(by/32, 0)})
		}
		for now := x.m.Tree().Final(); now != final; now = now.Up {
			if now == nil || now.Height < final.Height {
				t.Fatal("what was final is not any more")
			}
		}
		if n := len(x.m.waiting); n > mostWaiting {
			t.Errorf("%d blocks wait, at most %d may", n, mostWaiting)
		}
	})
}
