package web

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"
)

// policy lets the page load nothing but its own parts; pictures that it draws itself are data and blobs.
const policy = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// refused says why a request is not answered, and with which status; "" where it is.
func (w *Web) refused(rc *fasthttp.RequestCtx) (status int, why string) {
	if w.cfg.Mode == Off {
		return fasthttp.StatusNotFound, "404: there is no dashboard here (dashboard is off)"
	}
	if !rc.IsGet() && !rc.IsHead() {
		rc.Response.Header.Set("Allow", "GET,HEAD")
		return fasthttp.StatusMethodNotAllowed, "405: Method Not Allowed"
	}
	host := string(rc.Host())
	if w.cfg.Mode == Local && (!loopback(rc.RemoteAddr()) || !localName(host)) {
		return fasthttp.StatusForbidden, "403: the dashboard is shown to programs on the node's own machine, at http://localhost and its port.\n" +
			"From elsewhere: ssh -L 8470:localhost:8470 MACHINE, or \"dashboard\": \"public\" in the node's configuration."
	}
	if origin := string(rc.Request.Header.Peek("Origin")); origin != "" {
		if u, err := url.Parse(origin); err != nil || !strings.EqualFold(u.Host, host) {
			return fasthttp.StatusForbidden, "403: asked by another site's page"
		}
	}
	if site := string(rc.Request.Header.Peek("Sec-Fetch-Site")); site == "cross-site" && string(rc.Path()) != "/" {
		return fasthttp.StatusForbidden, "403: asked by another site's page"
	}
	return 0, ""
}

// loopback reports whether a client is on this machine.
func loopback(a net.Addr) bool {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap().IsLoopback()
	}
	return a != nil && a.Network() == "pipe" // of one process: net/memnet, tests
}

// localName reports whether a Host is a name that this machine has for itself.
func localName(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	if strings.EqualFold(name, "localhost") || strings.HasSuffix(strings.ToLower(name), ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}
