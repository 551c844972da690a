package olap

// Configuration is a row of dim_configuration: the text of a node's configuration, kept once however many runs have it.
type Configuration struct {
	Hash string `json:"config_hash" olap:"8,key" doc:"SHA-256 of its canonical JSON"`
	Text JSON   `json:"configuration,omitempty" olap:"8" doc:"the node's, without keys and passwords"`
}

// Run is a row of dim_run: the experiments that one node made under one name and one configuration. A later row of the same
// id replaces the earlier, its start excepted.
type Run struct {
	ID         string  `json:"run_id" olap:"8,key" doc:"32 hexadecimal digits, a function of node, network, name and configuration"`
	NodeID     string  `json:"node_id" olap:"8,notnull" doc:"full peer id of the node"`
	NetworkID  string  `json:"network_id,omitempty" olap:"8" doc:"the network the node belongs to"`
	Name       string  `json:"name,omitempty" olap:"8" doc:"the configured run_name"`
	Tags       JSON    `json:"tags,omitempty" olap:"8" doc:"the configured run_tags, a list of texts"`
	Note       string  `json:"note,omitempty" olap:"8" doc:"the configured run_note"`
	Version    string  `json:"program_version" olap:"8" doc:"the program's, at its last start"`
	Seed       *int64  `json:"seed,omitempty" olap:"8" doc:"the configured one; NULL for a run that need not repeat"`
	ConfigHash string  `json:"config_hash,omitempty" olap:"8" doc:"its configuration, of dim_configuration"`
	StartedAt  string  `json:"started_at" olap:"8,time" doc:"first start"`
	FinishedAt *string `json:"finished_at,omitempty" olap:"8,time" doc:"last graceful stop; NULL while it runs"`

	// Configuration is what dim_configuration holds under ConfigHash.
	Configuration JSON `json:"configuration,omitempty" olap:"-"`
}

// NodeInfo is a row of dim_node: a node that this one is, or that the chain names.
type NodeInfo struct {
	ID        string `json:"node_id" olap:"8,key" doc:"full peer id"`
	Hostname  string `json:"hostname,omitempty" olap:"8" doc:"its machine; NULL for other nodes"`
	Version   string `json:"program_version,omitempty" olap:"8" doc:"the program's; NULL for other nodes"`
	NetworkID string `json:"network_id,omitempty" olap:"8" doc:"the network it belongs to"`
	Own       bool   `json:"own" olap:"8,default=FALSE" doc:"whether the rows are this node's"`
	FirstSeen string `json:"first_seen,omitempty" olap:"8,time" doc:"its first start, or time of the first block that names it"`
}

// Device is a row of dim_device: what trains on a node.
type Device struct {
	ID          string `json:"device_id" olap:"8,key" doc:"32 hexadecimal digits, a function of node, kind and name"`
	NodeID      string `json:"node_id" olap:"8,notnull" doc:"full peer id of the node"`
	Kind        string `json:"kind" olap:"8,notnull" doc:"cpu or gpu"`
	Name        string `json:"name" olap:"8,notnull" doc:"what fact_trial calls it"`
	Places      int64  `json:"places" olap:"8,default=1" doc:"trainings at once"`
	MemoryBytes *int64 `json:"memory_bytes,omitempty" olap:"8" doc:"of a card"`
	FirstSeen   string `json:"first_seen,omitempty" olap:"8,time" doc:"when a worker with it was first ready"`
}
