package identity_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
)

func TestVectors(t *testing.T) {
	golden.Run(t, "identity_ecdsa", func(t *testing.T, c golden.Case) {
		text := func(o *canon.Object, key string) string {
			t.Helper()
			s, err := o.String(key)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		key, err := identity.ParsePEM([]byte(text(c.Inputs, "private_key_pem")))
		if err != nil {
			t.Fatal(err)
		}
		public := text(c.Expected, "public_key_spki_der_hex")
		if key.PublicKey() != public || key.PeerID() != text(c.Expected, "peer_id") {
			t.Errorf("key = %s, %s", key.PeerID(), key.PublicKey())
		}
		if id, err := identity.PeerID(public); err != nil || id != key.PeerID() {
			t.Errorf("PeerID = %s, %v", id, err)
		}
		message := []byte(text(c.Inputs, "message_utf8"))
		if err := identity.VerifyPlain(public, text(c.Expected, "signature_der_hex"), message); err != nil {
			t.Error(err)
		}
		list, err := c.Expected.List("verify")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			o, err := canon.AsObject(v)
			if err != nil {
				t.Fatal(err)
			}
			valid, err := o.Bool("valid")
			if err != nil {
				t.Fatal(err)
			}
			err = identity.VerifyPlain(public, text(o, "signature_hex"), []byte(text(o, "message_utf8")))
			if (err == nil) != valid || err != nil && !errors.Is(err, identity.ErrBadSignature) {
				t.Errorf("VerifyPlain(%s) = %v, want valid %v", canon.Default(o), err, valid)
			}
		}
	})
}

func mustSeed(t testing.TB, seed string) *identity.Key {
	t.Helper()
	k, err := identity.FromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestFromSeed(t *testing.T) {
	a, b, c := mustSeed(t, "a"), mustSeed(t, "a"), mustSeed(t, "c")
	if a.PublicKey() != b.PublicKey() || a.PublicKey() == c.PublicKey() || !identity.IsPeerID(a.PeerID()) {
		t.Errorf("keys %s %s %s", a.PeerID(), b.PeerID(), c.PeerID())
	}
	// The scalar of "a" is SHA-256("a"); this pins the derivation.
	text, err := a.PEM()
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	scalar, _ := hex.DecodeString("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")
	if !bytes.Contains(block.Bytes, scalar) {
		t.Error("the scalar of seed \"a\" is not its SHA-256")
	}
	if _, err := identity.FromSeed(""); !errors.Is(err, identity.ErrBadKey) {
		t.Errorf("FromSeed(\"\") = %v", err)
	}
	one, err1 := a.Sign("vote", "n", []byte("x"))
	two, err2 := b.Sign("vote", "n", []byte("x"))
	if err1 != nil || err2 != nil || one != two {
		t.Errorf("signatures differ: %s %s %v %v", one, two, err1, err2)
	}
}

func TestSignatureIsBound(t *testing.T) {
	k, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	other := mustSeed(t, "other")
	body := []byte("body")
	sig, err := k.Sign(identity.KindVote, "net", body)
	if err != nil {
		t.Fatal(err)
	}
	f := func(want error, sender, public, sig, kind, network, body string) {
		t.Helper()
		err := identity.VerifySender(sender, public, sig, kind, network, []byte(body))
		if !errors.Is(err, want) {
			t.Errorf("VerifySender = %v, want %v", err, want)
		}
	}
	bad, badKey := identity.ErrBadSignature, identity.ErrBadKey
	f(nil, k.PeerID(), k.PublicKey(), sig, "vote", "net", "body")
	f(bad, k.PeerID(), k.PublicKey(), sig, "block", "net", "body")
	f(bad, k.PeerID(), k.PublicKey(), sig, "vote", "other", "body")
	f(bad, k.PeerID(), k.PublicKey(), sig, "vote", "net", "bodY")
	f(bad, k.PeerID(), k.PublicKey(), sig, "vote\nnet", "", "body")
	f(bad, k.PeerID(), k.PublicKey(), sig, "vote", "net\nbo", "dy")
	f(bad, k.PeerID(), k.PublicKey(), "", "vote", "net", "body")
	f(bad, k.PeerID(), k.PublicKey(), sig+"00", "vote", "net", "body")
	f(bad, k.PeerID(), k.PublicKey(), sig[:len(sig)-1], "vote", "net", "body")
	f(bad, k.PeerID(), k.PublicKey(), strings.ToUpper(sig), "vote", "net", "body")
	f(bad, k.PeerID(), k.PublicKey(), strings.Repeat("30", 4000), "vote", "net", "body")
	f(bad, k.PeerID(), k.PublicKey(), "3006020100020100", "vote", "net", "body")
	f(badKey, other.PeerID(), k.PublicKey(), sig, "vote", "net", "body")
	f(badKey, k.PeerID(), other.PublicKey(), sig, "vote", "net", "body")
	f(bad, other.PeerID(), other.PublicKey(), sig, "vote", "net", "body")
	f(badKey, k.PeerID(), strings.ToUpper(k.PublicKey()), sig, "vote", "net", "body")
	f(badKey, k.PeerID(), k.PublicKey()+"00", sig, "vote", "net", "body")
	f(badKey, k.PeerID(), "", sig, "vote", "net", "body")
	if err := identity.Verify(k.PublicKey(), sig, "vote", "net", body); err != nil {
		t.Error(err)
	}
	for _, kind := range []string{"a\nb"} {
		if _, err := k.Sign(kind, "net", body); err == nil {
			t.Errorf("Sign accepts kind %q", kind)
		}
	}
	if _, err := k.Sign("vote", "ne\nt", body); err == nil {
		t.Error("Sign accepts a line break in the network")
	}
}

func TestKeyTextIsUnique(t *testing.T) {
	k := mustSeed(t, "k")
	f := func(name, text string) {
		t.Helper()
		if id, err := identity.PeerID(text); !errors.Is(err, identity.ErrBadKey) {
			t.Errorf("%s: PeerID = %s, %v", name, id, err)
		}
	}
	offCurve := k.PublicKey()[:len(k.PublicKey())-1] + "0"
	if offCurve == k.PublicKey() {
		offCurve = k.PublicKey()[:len(k.PublicKey())-1] + "1"
	}
	f("off the curve", offCurve)
	f("infinity", k.PublicKey()[:52]+strings.Repeat("0", 130))
	f("compressed marker", k.PublicKey()[:52]+"02"+k.PublicKey()[54:])
	f("other curve id", strings.Replace(k.PublicKey(), "030107", "030108", 1))
	f("not hex", strings.Repeat("g", identity.PublicKeyLen))
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "identity.json")
	if _, err := identity.Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("Load of a missing file = %v", err)
	}
	var wg sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wg.Go(func() {
			k, err := identity.LoadOrCreate(path)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = k.PeerID()
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("racing creators have different keys: %v", ids)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	k := mustSeed(t, "saved")
	if err := k.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := identity.Load(path)
	if err != nil || loaded.PeerID() != k.PeerID() {
		t.Errorf("Load after Save = %v", err)
	}
	if err := k.Save(filepath.Join(dir, "absent", "x")); err == nil {
		t.Error("Save into a missing folder succeeds")
	}
}

func TestLoadRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	f := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := identity.Load(path); !errors.Is(err, identity.ErrBadKey) {
			t.Errorf("%s: Load = %v, want ErrBadKey", name, err)
		}
		if _, err := identity.LoadOrCreate(path); !errors.Is(err, identity.ErrBadKey) {
			t.Errorf("%s: LoadOrCreate must not replace a file it cannot read: %v", name, err)
		}
	}
	pkcs8 := func(key any) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good, err := mustSeed(t, "x").PEM()
	if err != nil {
		t.Fatal(err)
	}
	f("empty", nil)
	f("text", []byte("{}"))
	f("P-384", pkcs8(p384))
	f("RSA", pkcs8(rsaKey))
	f("truncated", good[:len(good)/2])
	f("two keys", append(bytes.Clone(good), good...))
	f("encrypted", bytes.ReplaceAll(good, []byte("PRIVATE"), []byte("ENCRYPTED PRIVATE")))
	f("huge", bytes.Repeat([]byte("x"), 100_000))
	f("garbage inside", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1, 2, 3}}))

	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(p256)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := identity.ParsePEM(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})); err != nil {
		t.Errorf("SEC 1 key: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	k, err := identity.FromSeed("fuzz")
	if err != nil {
		f.Fatal(err)
	}
	sig, err := k.Sign("vote", "n", []byte("b"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(k.PublicKey(), sig, []byte("b"))
	f.Fuzz(func(t *testing.T, public, sig string, body []byte) {
		if identity.Verify(public, sig, "vote", "n", body) == nil && public == k.PublicKey() && string(body) != "b" {
			t.Fatalf("forged %s over %q", sig, body)
		}
	})
}
