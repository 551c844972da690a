package load

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"

	"github.com/valyala/fasthttp"
)

// Bare serves bodies, path → body, on a free port of loopback until ctx ends. It is what a node could be at best: the
// same HTTP server with its default settings, and nothing behind it. In is a JSON object of the bodies; out gets
// "host:port" in one line.
func Bare(ctx context.Context, in io.Reader, out io.Writer) error {
	var bodies map[string]string
	if err := json.NewDecoder(in).Decode(&bodies); err != nil {
		return fmt.Errorf("load: bodies: %w", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &fasthttp.Server{Name: "bare", NoDefaultContentType: true, Handler: func(rc *fasthttp.RequestCtx) {
		rc.SetContentType("application/json; charset=utf-8")
		rc.SetBodyString(bodies[string(rc.Path())])
	}}
	if _, err := fmt.Fprintln(out, ln.Addr()); err != nil {
		return errors.Join(err, ln.Close())
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Shutdown() }) // Serve reports what matters
	defer stop()
	return s.Serve(ln)
}

// startBare starts Bare in a process of its own with what the node answers now.
func startBare(ctx context.Context, c *Config, node string) (_ *process, err error) {
	bodies := map[string]string{}
	for _, path := range Paths {
		body, err := (&process{endpoint: node}).ask(ctx, path)
		if err != nil {
			return nil, err
		}
		bodies[path] = string(body)
	}
	in, err := json.Marshal(bodies)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(c.Self[0], c.Self[1:]...)}
	p.cmd.Stdin, p.cmd.Stderr = strings.NewReader(string(in)), &p.out
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("load: bare server: %w: %s", err, p.out.Bytes())
	}
	p.endpoint = strings.TrimSpace(line)
	return p, nil
}
