package stack

import "testing"

// TestOnLoopback: a node that listens on this machine alone asks neither its LAN nor its router for anything.
func TestOnLoopback(t *testing.T) {
	for host, want := range map[string]bool{"127.0.0.1": true, "127.0.3.4": true, "::1": true, "localhost": true, "0.0.0.0": false, "::": false, "10.0.0.1": false, "node.example": false, "": false} {
		if got := onLoopback(host); got != want {
			t.Errorf("onLoopback(%q) = %v, want %v", host, got, want)
		}
	}
}
