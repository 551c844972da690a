package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// startTime is how long the node may take to have its chain, stopTime how long a process to end when asked to.
const (
	startTime = 10 * time.Minute
	stopTime  = 10 * time.Second
)

// process is a server under measurement.
type process struct {
	endpoint string
	cmd      *exec.Cmd
	dir      string // to be removed with it, "" for none
	out      bytes.Buffer
}

// stop ends the process, by force where it does not by itself.
func (p *process) stop() {
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		killer := time.AfterFunc(stopTime, func() { _ = p.cmd.Process.Kill() })
		_ = p.cmd.Wait() // how it ended does not matter any more
		killer.Stop()
	}
	if p.dir != "" {
		os.RemoveAll(p.dir)
	}
}

// ask returns the body that the process answers with 200.
func (p *process) ask(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.endpoint+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("load: GET %s: %d %.200s", path, res.StatusCode, body)
	}
	return body, err
}

// height asks for the number of blocks above block 0.
func (p *process) height(ctx context.Context) (int, error) {
	body, err := p.ask(ctx, "/chain/status")
	if err != nil {
		return 0, err
	}
	var s struct {
		TipIndex int `json:"tip_index"`
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return 0, fmt.Errorf("load: /chain/status: %w", err)
	}
	return s.TipIndex, nil
}

// startNode starts two nodes whose search costs next to nothing, since one alone makes no blocks, and waits for the
// chain of the first.
func startNode(ctx context.Context, c *Config) (_ *process, err error) {
	p := &process{}
	defer func() {
		if err != nil {
			p.stop()
		}
	}()
	if p.dir, err = os.MkdirTemp("", "doin-load-"); err != nil {
		return nil, err
	}
	target := make([]int, 30) // so far off that the search gets better for hours
	for i := range target {
		target[i] = 900 - 60*i
	}
	data, err := json.Marshal(map[string]any{
		"target_block_time": 0.5, "initial_threshold": 0.001, "quorum_min_evaluators": 1, "eval_poll_interval": 0.1,
		"optimizer_loop_interval": 1, "reveal_delay": 0.1, "discovery_interval": 0.5,
		"domains": []any{map[string]any{
			"domain_id": "quadratic", "optimize": true, "evaluate": true, "optimization_plugin": "quadratic", "has_synthetic_data": true,
			"min_increment": 0.0005,
			"optimization_config": map[string]any{"step_size": 5, "target": target,
				"param_bounds": map[string]any{"x": []int{-1000, 1000}}},
		}},
	})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(p.dir, "node.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return nil, err
	}
	home := filepath.Join(p.dir, "network")
	p.cmd = exec.Command(c.NodeExe, "local", "--nodes", "2", "--config", file, "--data-dir", home, "--port", "0")
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	return p, p.grown(ctx, c, filepath.Join(home, "node-0", "node.json"))
}

// portIn reads a node's port from its configuration, which may not be there yet.
func portIn(file string) (int, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	var o struct {
		Port int `json:"port"`
	}
	return o.Port, json.Unmarshal(data, &o)
}

// grown waits until the node of the configuration file is there and its chain as long as it should be.
func (p *process) grown(ctx context.Context, c *Config, file string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for said := 0; ; {
		n := 0
		port, err := portIn(file)
		if err == nil {
			p.endpoint = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
			n, err = p.height(ctx)
		}
		if err == nil && n >= c.Blocks {
			return nil
		}
		if err == nil && n >= said+10 {
			said = n
			c.say("%d blocks", n)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("load: the node has %d blocks, not %d", n, c.Blocks), err, context.Cause(ctx))
		}
	}
}
