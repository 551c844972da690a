package config

import (
	"slices"
	"strings"
)

// Flags are the command line's overrides of a file. The zero value of a field
// leaves the file's value alone.
type Flags struct {
	Port       int    // --port
	DataDir    string // --data-dir
	Peers      string // --peers, "a:1,b:2": replaces the file's bootstrap peers
	Identity   string // --identity
	StatsFile  string // --stats-file
	OLAPFile   string // --olap-db
	ResetChain bool   // --reset-chain
	Security   string // --security
	Network    string // --network
	LogLevel   string // --log-level
}

// Apply changes c and validates it again. Its error joins one Problem per fault.
func (f Flags) Apply(c *Config) error {
	override(&c.Network.Port, f.Port)
	override(&c.DataDir, f.DataDir)
	override(&c.IdentityFile, f.Identity)
	override(&c.Record.StatsFile, f.StatsFile)
	override(&c.Record.OLAPFile, f.OLAPFile)
	override(&c.Log.Level, f.LogLevel)
	if own := Security(f.Security); own != "" && own != c.Security {
		c.Security = own
		if c.Raw != nil {
			c.setDefaults()
		}
		c.setTransport()
	}
	override(&c.Security, Security(f.Security))
	override(&c.Network.Transport, f.Network)
	c.ResetChain = c.ResetChain || f.ResetChain
	if f.Peers != "" {
		c.Network.Bootstrap = nil
		for p := range strings.SplitSeq(f.Peers, ",") {
			if p = strings.TrimSpace(p); p != "" {
				c.Network.Bootstrap = append(c.Network.Bootstrap, p)
			}
		}
	}
	return c.Validate()
}

// setTransport sets network where the file does not: Python nodes speak HTTP and nothing else.
func (c *Config) setTransport() {
	if c.Raw != nil && c.Raw.Has("network") {
		return
	}
	if c.Network.Transport = P2P; c.Security == Reference {
		c.Network.Transport = HTTP
	}
}

// Override is Apply after a Load: of the warnings that it returned, those about values are made anew. It returns what is to be
// said of c as it is now.
func (f Flags) Override(c *Config, warnings []Warning) ([]Warning, error) {
	before := c.warnings()
	if err := f.Apply(c); err != nil {
		return nil, err
	}
	kept := slices.DeleteFunc(slices.Clone(warnings), func(w Warning) bool { return slices.Contains(before, w) })
	return append(kept, c.warnings()...), nil
}

func override[T comparable](at *T, v T) {
	var zero T
	if v != zero {
		*at = v
	}
}
