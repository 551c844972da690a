// Package api is the node's HTTP API: the endpoints of the Python reference with
// their paths, key orders, defaults and error texts, and GET /tasks/{id},
// GET /metrics, GET /balance/{id}, GET /domains and /transactions beside them.
//
// The package parses, bounds and renders; what the node knows comes through the
// small interfaces of [Parts]. An [API]'s Serve is a transport.Handler:
//
//	cfg := api.DefaultConfig()
//	cfg.Port, cfg.Network = 8470, id
//	a, err := api.New(cfg, parts)
//	srv := transport.NewServer(cfg, a.Serve)
//
// Where it departs from the reference: what makes that answer 500 (a query that
// is not an integer, a body that is not an object) is a 400 with a reason; every
// request has a deadline (503) and each endpoint a bound on requests at one time
// (503); in the strict profile /tasks/complete takes only a signed vote and
// /tasks/claim only a signed claim (403); /inference waits for its result;
// /stats/chain-metrics and /stats/export answer what they promise.
package api
