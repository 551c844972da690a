// Package web is the node's dashboard: the page at /, what it asks under /web/, and the stream /events that says when
// something has changed. The page is built from ui/ and committed in dist/ ("make web"; "make check-web" proves it current); it is
// embedded, and asks nobody else for anything.
//
//	cfg := web.DefaultConfig()
//	w, err := web.New(cfg, parts)
//	go w.Run(ctx)                       // watches for changes while somebody looks
//	if web.Is(path) { w.Serve(ctx, rc) } // a transport.Handler
//
// It only reads: there is no request that changes anything. By default it answers this machine alone, and only requests
// whose Host is this machine's own name for itself, so that a page from elsewhere cannot have a browser ask (DNS
// rebinding); a request that another site's page has made is refused in every mode.
//
// A stream's client holds a few kilobytes, however slow it is: it is told the newest state when it has taken the one before. Streams
// are bounded in number, in total and for each address.
package web
