package tabular

import (
	"testing"

	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/nn"
)

// The gene dropout changed what a recipe is, and so its random key, but not what a network without it is: under the key
// that the same genes had without the gene, the training has the digest that it had.
func TestBitsWithoutDropout(t *testing.T) {
	d := irises(t)
	genes := d.config.Space.Object(fixed(d.config.Space))
	genes.Delete("dropout")
	c := d.Shape(fixed(d.config.Space))
	c.Segment = supervised.Segment
	key := nn.TaskKey(nn.ContractVersion, Plugin, genes, d.Describe().DataHash, 42)
	r, err := nn.Train(t.Context(), c, key, d.data.parts[train], d.data.parts[validation])
	if err != nil {
		t.Fatal(err)
	}
	const want = "8018f4f3d22691b1b6d15757dc926fae35ae2547966329b348636c739a168872"
	if m, err := d.Measure(d.Parameters(fixed(d.config.Space)), r); err != nil || m.Digest() != want {
		t.Errorf("digest %s (%v), want %s", m.Digest(), err, want)
	}
}

// A network with dropout has the parameters of the one without, and other weights.
func TestDropout(t *testing.T) {
	d := mustDomain(t, blobs(20, 3), Classification, quick)
	g := fixed(d.config.Space)
	g[geneLayers], g[geneWidth2] = 2, 9
	without := domaintest.Train(t, d, g, 1, true)
	g[geneDropout] = 0.25
	with := domaintest.Train(t, d, g, 1, true)
	a, b := domaintest.Metric(t, with, "parameters_count"), domaintest.Metric(t, without, "parameters_count")
	if a != b || with.Digest() == without.Digest() {
		t.Errorf("%v parameters, digest %s; without dropout %v, %s", a, with.Digest(), b, without.Digest())
	}
}
