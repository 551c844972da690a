package tabular

import (
	"testing"

	"doin.network/node/compute/domain/domaintest"
)

// A network with dropout has the parameters of the one without, and other weights.
func TestDropout(t *testing.T) {
	d := mustDomain(t, blobs(20, 3), Classification, quick)
	g := fixed(d.config.Space)
	g[geneLayers], g[geneWidth2] = 2, 9
	without := domaintest.Claim(t, d, g, 1)
	g[geneDropout] = 0.25
	with := domaintest.Claim(t, d, g, 1)
	a, b := domaintest.Metric(t, with, "parameters_count"), domaintest.Metric(t, without, "parameters_count")
	if a != b || with.Digest() == without.Digest() {
		t.Errorf("%v parameters, digest %s; without dropout %v, %s", a, with.Digest(), b, without.Digest())
	}
}
