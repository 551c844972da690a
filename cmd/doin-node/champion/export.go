package champion

import (
	"context"
	"fmt"

	"doin.network/node/internal/canon"
)

// The formats of Export.
const (
	ONNX        = "onnx"
	Safetensors = "safetensors"
	JSON        = "json"
)

// Export is a champion as a file: onnx what answers, safetensors the numbers that it consists of, both of a worker that trains it again;
// json the recipe with its certificate and everything that training it again takes but the data.
func (s *Source) Export(ctx context.Context, c Champion, format string) ([]byte, error) {
	switch format {
	case JSON:
		return append(canon.AppendIndent(nil, s.recipe(&c)), '\n'), nil
	case ONNX, Safetensors:
	default:
		return nil, &InputError{fmt.Sprintf("--format %q: must be %s, %s or %s", format, ONNX, JSON, Safetensors)}
	}
	h, err := s.hire(ctx, c.Domain)
	if err != nil {
		return nil, err
	}
	defer h.close()
	data, err := h.workers.Export(ctx, c.Domain, c.recipe(), format, s.facts(&c))
	return data, refusal(err)
}

// facts are what a file says of its champion.
func (s *Source) facts(c *Champion) *canon.Object {
	o := canon.NewObject("network_id", s.Genesis.NetworkID(), "domain", c.Domain, "optimae_id", c.ID, "optimizer_id", c.Author,
		"performance", c.Performance, "digest", c.Digest, "recipe", c.Parameters)
	if k := c.Certificate; k != nil {
		o.Set("block", k.Block)
	}
	return o
}

// recipe is a champion with what has to be known to train it again.
func (s *Source) recipe(c *Champion) *canon.Object {
	o := canon.NewObject("written_by", "doin-node "+s.version, "network_id", s.Genesis.NetworkID(), "champion", c.Object())
	if d, ok := s.Genesis.Domain(c.Domain); ok {
		o.Set("genesis_domain", canon.NewObject("plugin", d.Plugin, "seeds", d.Seeds, "data_hash", d.DataHash,
			"performance_scale", d.PerformanceScale, "min_increment", d.MinIncrement, "has_synthetic_data", d.HasSyntheticData))
	}
	if d := s.domain(c.Domain); d != nil {
		o.Set("plugin", d.Plugin()).Set("optimization_config", d.WorkerConfig())
	}
	return o
}
