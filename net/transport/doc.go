// Package transport carries HTTP/1.1 between nodes and to clients of the
// public API: one hardened fasthttp server and one bounded client.
//
// The server differs from a bare fasthttp.Server in what it does not allow: no
// request without a read and a write timeout, no body above the limit, no more
// connections than configured in total and from one address, no panic that
// ends the process, no shutdown that waits for ever. A port that is taken is
// [ErrPortInUse]; the process that holds it is left alone.
//
//	ln, err := transport.Listen("127.0.0.1:8470")
//	srv := transport.NewServer(transport.DefaultServerConfig(), handler)
//	err = srv.Run(ctx, ln) // returns after ctx ends and the last request is answered
//
// The client bounds what a peer may cost: a connect timeout, a timeout for the
// whole exchange, a response size and a number of connections.
//
// Deliberately absent: TLS (the public API is plain, as in the reference; a
// proxy in front may add it), HTTP/2, redirects, cookies, compression.
package transport
