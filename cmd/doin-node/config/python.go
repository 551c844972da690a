package config

import (
	"fmt"
	"strings"
	"time"

	"doin.network/node/internal/canon"
)

// The reference's default of optimizer_loop_interval, how long its nodes take for a message, and how large one may be, with the body
// around it.
const (
	referencePause   = 30 * time.Second
	referenceTimeout = 30 * time.Second
	referenceMessage = 101 << 20
)

// likeTheirs sets the defaults that differ among Python nodes; o is the file.
func (c *Config) likeTheirs(o *canon.Object) {
	if !o.Has("optimizer_loop_interval") {
		c.Rounds.OptimizerInterval = referencePause
	}
	l := &c.Limits
	if !o.Has("request_timeout") {
		l.RequestTimeout = referenceTimeout
	}
	for name, at := range map[string]*int{"max_message_bytes": &l.MaxMessageBytes, "max_body_bytes": &l.MaxBodyBytes} {
		if !o.Has(name) {
			*at = referenceMessage
		}
	}
}

// lenient takes out of a configuration for Python nodes what they report and skip: templates of addresses that were not filled
// in, and roles without a plugin. Each is warned of.
func (d *decoder) lenient(c *Config) {
	warn := func(key, reason string) { d.warnings = append(d.warnings, Warning{Key: key, Reason: reason}) }
	var peers []string
	for i, p := range c.Network.Bootstrap {
		if strings.ContainsAny(p, "<>") {
			warn(indexed("bootstrap_peers", i), fmt.Sprintf("%q is a template and is skipped: write the address of the peer in its place", p))
			continue
		}
		peers = append(peers, p)
	}
	c.Network.Bootstrap = peers
	for i := range c.Domains {
		dom := &c.Domains[i]
		path := indexed("domains", i)
		if dom.Optimize && dom.OptimizationPlugin == "" {
			warn(path+".optimization_plugin", fmt.Sprintf("no plugin is named: the node does not optimize in %q", dom.ID))
			dom.Optimize = false
		}
		if dom.Evaluate && dom.Plugin() == "" {
			warn(path+".inference_plugin", fmt.Sprintf("no plugin is named: the node does not evaluate in %q", dom.ID))
			dom.Evaluate = false
		}
	}
}
