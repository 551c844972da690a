package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"doin.network/node/ga/settings"
)

// The reference's default of optimizer_loop_interval, how long its nodes take for a message, and how large one may be, with the body
// around it.
const (
	referencePause   = 30 * time.Second
	referenceTimeout = 30 * time.Second
	referenceMessage = 101 << 20
)

// setDefaults sets what the rule set decides and the file does not say.
func (c *Config) setDefaults() {
	def, theirs := DefaultConfig(), c.Security == Reference
	l := &c.Limits
	choose(c, "optimizer_loop_interval", theirs, &c.Rounds.OptimizerInterval, def.Rounds.OptimizerInterval, referencePause)
	choose(c, "request_timeout", theirs, &l.RequestTimeout, def.Limits.RequestTimeout, referenceTimeout)
	choose(c, "max_message_bytes", theirs, &l.MaxMessageBytes, def.Limits.MaxMessageBytes, referenceMessage)
	choose(c, "max_body_bytes", theirs, &l.MaxBodyBytes, def.Limits.MaxBodyBytes, referenceMessage)
	off, _ := c.Raw.Get("dashboard_enabled")
	choose(c, "dashboard", theirs && off == false, &c.Network.Dashboard, def.Network.Dashboard, "off")
}

// choose sets a value that the file does not name to one of two.
func choose[T any](c *Config, name string, second bool, at *T, one, two T) {
	switch {
	case c.Raw.Has(name):
	case second:
		*at = two
	default:
		*at = one
	}
}

// takeTheirs takes a value that this program has no use for where a Python node starts with it, and warns of it; false for any other.
func (d *decoder) takeTheirs(path, name string, v any) bool {
	switch {
	case d.security != Reference:
		return false
	case v == nil:
		d.warnings = append(d.warnings, Warning{Key: path, Reason: "null is taken as if the key were not there"})
	case name == keySeedPolicy && v == false:
		d.warnings = append(d.warnings, Warning{Key: path, Reason: "accepted but has no effect: " + alwaysSeeded})
	default:
		return false
	}
	return true
}

// quadraticKeys are the settings of the plugin simple_quadratic and of a domain's records; Python nodes do not look at others.
var quadraticKeys = []string{"n_params", "step_size", "seed", "target", "noise_std", "param_bounds", "hyperparameter_bounds", "metric_type",
	"optimization_metric", "performance_metric"}

// lenient takes out of a configuration for Python nodes what they report and skip: templates of addresses that were not filled
// in, roles without a plugin, and settings that a plugin does not look at. Each is warned of.
func (d *decoder) lenient(c *Config) {
	warn := func(key, reason string) { d.warnings = append(d.warnings, Warning{Key: key, Reason: reason}) }
	var peers []string
	for i, p := range c.Network.Bootstrap {
		if strings.ContainsAny(p, "<>") {
			warn(indexed("bootstrap_peers", i), fmt.Sprintf("%q is a template and is skipped: write the address of the peer in its place", p))
			continue
		}
		if _, _, err := SplitPeer(p); err != nil {
			warn(indexed("bootstrap_peers", i), fmt.Sprintf("%q %v, and is skipped", p, err))
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
		d.plainSettings(path, dom)
	}
}

// plainSettings takes out of a domain's settings what its plugin or the search refuses and a Python node does not look at.
func (d *decoder) plainSettings(path string, dom *Domain) {
	warn := func(key, reason string) {
		d.warnings = append(d.warnings, Warning{Key: path + "." + key, Reason: reason})
	}
	if dom.OptimizationConfig == nil || !dom.Active() {
		return
	}
	if dom.Plugin() == PluginQuadratic {
		for _, name := range dom.OptimizationConfig.Keys() {
			if slices.Contains(quadraticKeys, name) || dom.OptimizationConfig.Has(settings.Strategy) { // ours to say, and the hill climber has no settings
				continue
			}
			dom.unread = append(dom.unread, name)
			warn("optimization_config."+name, fmt.Sprintf("%q does not look at it", PluginQuadratic))
		}
	}
	if _, err := dom.SearchSettings(); err != nil {
		warn("optimization_config", fmt.Sprintf("the node does not optimize in %q: %v", dom.ID, err))
		dom.Optimize = false
	}
}
