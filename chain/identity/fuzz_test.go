package identity

import "testing"

// FuzzParsePEM: no key file panics, and a key that is read is written and read again as the same.
func FuzzParsePEM(f *testing.F) {
	k, err := FromSeed("fuzz")
	if err != nil {
		f.Fatal(err)
	}
	good, err := k.PEM()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("-----BEGIN EC PRIVATE KEY-----\nMA==\n-----END EC PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := ParsePEM(data)
		if err != nil {
			return
		}
		text, err := k.PEM()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParsePEM(text)
		if err != nil || again.PeerID() != k.PeerID() {
			t.Fatalf("round trip of %s: %v, %v", k.PeerID(), again, err)
		}
	})
}
