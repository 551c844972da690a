package vrf

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// vectors are examples 10 to 12 of RFC 9381, appendix B.1.
var vectors = []struct{ secret, public, alpha, proof, output string }{
	{"c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
		"0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
		"73616d706c65",
		"035b5c726e8c0e2c488a107c600578ee75cb702343c153cb1eb8dec77f4b5071b4a53f0a46f018bc2c56e58d383f2305e0975972c26feea0eb122fe7893c15af376b33edf7de17c6ea056d4d82de6bc02f",
		"a3ad7b0ef73d8fc6655053ea22f9bede8c743f08bbed3d38821f0e16474b505e"},
	{"c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
		"0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
		"74657374",
		"034dac60aba508ba0c01aa9be80377ebd7562c4a52d74722e0abae7dc3080ddb56c19e067b15a8a8174905b13617804534214f935b94c2287f797e393eb0816969d864f37625b443f30f1a5a33f2b3c854",
		"a284f94ceec2ff4b3794629da7cbafa49121972671b466cab4ce170aa365f26d"},
	{"2ca1411a41b17b24cc8c3b089cfd033f1920202a6c0de8abb97df1498d50d2c8",
		"03596375e6ce57e0f20294fc46bdfcfd19a39f8161b58695b3ec5b3d16427c274d",
		"4578616d706c65207573696e67204543445341206b65792066726f6d20417070656e646978204c2e342e32206f6620414e53492e58392d36322d32303035",
		"03d03398bf53aa23831d7d1b2937e005fb0062cbefa06796579f2a1fc7e7b8c667d091c00b0f5c3619d10ecea44363b5a599cadc5b2957e223fec62e81f7b4825fc799a771a3d7334b9186bdbee87316b1",
		"90871e06da5caa39a3c61578ebb844de8635e27ac0b13e829997d0d95dd98c19"},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		key, err := NewKey(unhex(t, v.secret))
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(key.PublicKey()); got != v.public {
			t.Errorf("public key %s, want %s", got, v.public)
		}
		alpha := unhex(t, v.alpha)
		proof, output := key.Prove(alpha)
		if got := hex.EncodeToString(proof); got != v.proof {
			t.Errorf("Prove(%q) = %s, want %s", alpha, got, v.proof)
		}
		if got := hex.EncodeToString(output); got != v.output {
			t.Errorf("Prove(%q): output %s, want %s", alpha, got, v.output)
		}
		if got, err := Verify(key.PublicKey(), alpha, proof); err != nil || hex.EncodeToString(got) != v.output {
			t.Errorf("Verify(%q) = %x, %v, want %s", alpha, got, err, v.output)
		}
	}
}

// TestIntermediate are the values of example 10 within.
func TestIntermediate(t *testing.T) {
	v := vectors[0]
	h := encode(unhex(t, v.public), unhex(t, v.alpha)).BytesCompressed()
	if got, want := hex.EncodeToString(h), "0272a877532e9ac193aff4401234266f59900a4a9e3fc3cfc6a4b7e467a15d06d4"; got != want {
		t.Errorf("H = %s, want %s", got, want)
	}
	if got, want := hex.EncodeToString(nonce(unhex(t, v.secret), h)), "0d90591273453d2dc67312d39914e3a93e194ab47a58cd598886897076986f77"; got != want {
		t.Errorf("k = %s, want %s", got, want)
	}
}

// TestForgeries: every bit of a proof matters, and so do key and text.
func TestForgeries(t *testing.T) {
	v := vectors[0]
	public, alpha, proof := unhex(t, v.public), unhex(t, v.alpha), unhex(t, v.proof)
	for i := range 8 * len(proof) {
		bad := bytes.Clone(proof)
		bad[i/8] ^= 1 << (i % 8)
		if out, err := Verify(public, alpha, bad); !errors.Is(err, ErrProof) {
			t.Errorf("with bit %d altered: %x, %v, want %v", i, out, err, ErrProof)
		}
	}
	f := func(public, alpha, proof []byte, want error) {
		t.Helper()
		if out, err := Verify(public, alpha, proof); !errors.Is(err, want) {
			t.Errorf("Verify = %x, %v, want %v", out, err, want)
		}
	}
	f(unhex(t, vectors[2].public), alpha, proof, ErrProof)
	f(public, append(alpha, 0), proof, ErrProof)
	f(public, alpha, proof[1:], ErrProof)
	f(public, alpha, append(proof, 0), ErrProof)
	f(public[1:], alpha, proof, ErrKey)
	f(make([]byte, PublicKeySize), alpha, proof, ErrKey)
	f(append([]byte{4}, public[1:]...), alpha, proof, ErrKey)
	// s plus the order is the same number: it is refused, so that nobody makes two proofs of one.
	order := unhex(t, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
	f(public, alpha, append(proof[:ProofSize-scalarSize:ProofSize-scalarSize], order...), ErrProof)
}

func TestNewKey(t *testing.T) {
	order := "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
	for _, text := range []string{"", "01", "0000000000000000000000000000000000000000000000000000000000000000", order} {
		if _, err := NewKey(unhex(t, text)); !errors.Is(err, ErrKey) {
			t.Errorf("NewKey(%s) = %v, want %v", text, err, ErrKey)
		}
	}
}

func FuzzVerify(f *testing.F) {
	for _, v := range vectors {
		f.Add(unhex(f, v.public), unhex(f, v.alpha), unhex(f, v.proof))
	}
	f.Fuzz(func(t *testing.T, public, alpha, proof []byte) {
		out, err := Verify(public, alpha, proof)
		if (err == nil) != (len(out) == OutputSize) {
			t.Errorf("Verify = %x, %v", out, err)
		}
		known := false
		for _, v := range vectors {
			known = known || hex.EncodeToString(proof) == v.proof
		}
		if err == nil && !known {
			t.Errorf("a proof out of nothing: %x for %x of %x", proof, alpha, public)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	v := vectors[0]
	public, alpha, proof := unhex(b, v.public), unhex(b, v.alpha), unhex(b, v.proof)
	for b.Loop() {
		if _, err := Verify(public, alpha, proof); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verifications/s")
}

func BenchmarkProve(b *testing.B) {
	key, err := NewKey(unhex(b, vectors[0].secret))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		key.Prove([]byte("beacon"))
	}
}
