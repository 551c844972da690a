package config

import "doin.network/node/ga/island"

// migrationKeys are the members of a domain's migration.
var migrationKeys = []key[island.Config]{
	text("topology", func(c *island.Config) *string { return (*string)(&c.Topology) }),
	integer("degree", func(c *island.Config) *int { return &c.Degree }),
	text("policy", func(c *island.Config) *string { return (*string)(&c.Policy) }),
	integer("top", func(c *island.Config) *int { return &c.Top }),
	integer("number", func(c *island.Config) *int { return &c.Number }),
	integer("interval", func(c *island.Config) *int { return &c.Interval }),
}

func (k *checker) migration(path string, m *island.Config) {
	k.oneOf(path+".topology", string(m.Topology), island.Topologies()...)
	k.ints(path+".degree", m.Degree, 1, island.MaxDegree)
	k.oneOf(path+".policy", string(m.Policy), island.Policies()...)
	k.ints(path+".top", m.Top, 1, island.MaxTop)
	k.ints(path+".number", m.Number, 1, island.MaxNumber)
	k.ints(path+".interval", m.Interval, 1, island.MaxInterval)
}
