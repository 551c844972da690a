package flood

import (
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// Decode reads the body of POST /message in any of its three forms. A control
// body gives nil, nil. Errors are *Refusal with ReasonJSON or ReasonForm. The
// message keeps its transport metadata; an absent timestamp stays zero.
func Decode(body []byte) (*chain.Message, error) {
	o, err := canon.ParseObject(body)
	if err != nil {
		return nil, &Refusal{Why: ReasonJSON, Err: err}
	}
	switch v, _ := o.Get("type"); v {
	case "control":
		return nil, nil
	case "message":
		if data, ok := o.Get("data"); ok {
			inner, ok := data.(*canon.Object)
			if !ok {
				return nil, refuse(ReasonForm, "data is not an object")
			}
			o = inner
		}
	}
	m, err := chain.MessageFromObject(o)
	if err != nil {
		return nil, &Refusal{Why: ReasonForm, Err: err}
	}
	return m, nil
}

// metadata is what the last hop says about itself in the payload.
type metadata struct {
	port int    // 0 if absent or not a port
	id   string // forwarder, else author
}

func readMetadata(m *chain.Message) metadata {
	md := metadata{id: m.SenderID}
	if id, err := m.Payload.StringOr(chain.MetaForwarderID, ""); err == nil && id != "" && len(id) <= 64 {
		md.id = id
	}
	if v, ok := m.Payload.Get(chain.MetaSenderPort); ok {
		if p, ok := v.(int64); ok && p >= 1 && p <= 65535 {
			md.port = int(p)
		}
	}
	return md
}

// withMetadata returns payload without any metadata followed by our own;
// forwarder is "" for an own message.
func (g *Flood) withMetadata(payload *canon.Object, forwarder string) *canon.Object {
	out := canon.NewObject()
	for k, v := range chain.WithoutMetadata(payload).All() {
		out.Set(k, v)
	}
	if forwarder != "" {
		out.Set(chain.MetaForwarderID, forwarder)
	}
	out.Set(chain.MetaSenderPort, int64(g.cfg.Port))
	if g.cfg.ComponentVersions != nil {
		out.Set(chain.MetaComponentVersions, g.cfg.ComponentVersions)
	}
	if g.cfg.PluginConfigs != nil {
		out.Set(chain.MetaPluginConfigs, g.cfg.PluginConfigs)
	}
	return out
}

// encode renders m for the wire with ttl and our metadata.
func (g *Flood) encode(m *chain.Message, ttl int, forwarder string) ([]byte, error) {
	return g.render(m, ttl, g.withMetadata(m.Payload, forwarder))
}

// render is m with another ttl and payload as bytes.
func (g *Flood) render(m *chain.Message, ttl int, payload *canon.Object) ([]byte, error) {
	c := *m
	c.TTL, c.Payload = ttl, payload
	body := canon.Default(c.Object())
	if len(body) > g.cfg.MaxBytes {
		return nil, fmt.Errorf("flood: message of %d bytes, most is %d", len(body), g.cfg.MaxBytes)
	}
	return body, nil
}
