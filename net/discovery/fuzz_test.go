package discovery

import "testing"

// FuzzSplitEndpoint: what is accepted can stand in a URL and splits the same again.
func FuzzSplitEndpoint(f *testing.F) {
	for _, s := range []string{"127.0.0.1:8470", "[::1]:1", "a.example:65535", "x:0", ":", "[fe80::1%eth0]:5", "a/b:80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, port, err := SplitEndpoint(s)
		if err != nil {
			return
		}
		again, p, err := SplitEndpoint(join(host, port))
		if err != nil || again != host || p != port {
			t.Fatalf("SplitEndpoint(%q) = %q, %d; again %q, %d, %v", s, host, port, again, p, err)
		}
	})
}
