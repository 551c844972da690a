package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/stack/workers"
	"doin.network/node/cmd/doin-node/terms"
	"doin.network/node/compute/worker"
)

const (
	// peerTime bounds the question to one peer, workerTime how long a worker may take to start and load a domain.
	peerTime   = 5 * time.Second
	workerTime = 2 * time.Minute
	// maxOffset is how far a peer's clock may be from ours; Date has whole seconds.
	maxOffset = 30 * time.Second
)

// gpu holds the GPUs of the machine against the configuration.
func (e *examination) gpu(context.Context) {
	n, driver := e.GPUs()
	device := e.cfg.Worker.Device
	switch asked := strings.HasPrefix(device, "cuda:"); {
	case asked && (n == 0 || !driver):
		e.wrong("gpu", fmt.Sprintf("device is %s, and this machine shows %d NVIDIA devices (driver loaded: %v)", device, n, driver), "the node does not start without the device it is told",
			"install the driver (nvidia-smi must list the card), or set device to \"auto\" or \"cpu\"")
	case n > 0 && !driver:
		e.wrong("gpu", fmt.Sprintf("%d NVIDIA devices and no driver", n), "trainings run on the processor", "install the driver; nvidia-smi must list the card")
	case n > 0 && device == config.DeviceAuto && !e.gpuWorker():
		e.note("gpu_unused", fmt.Sprintf("%d NVIDIA devices, and no %s", n, worker.ProgramGPU), "trainings run on the processor", "make build-gpu, and put bin/"+worker.ProgramGPU+" beside doin-node: CUDA.md")
	default:
		e.ok("gpu", "%d NVIDIA devices, device is %s", n, device)
	}
}

func (e *examination) gpuWorker() bool {
	exe, err := os.Executable()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(filepath.Dir(exe), worker.ProgramGPU))
	return err == nil || e.cfg.Worker.Path != ""
}

// worker starts the workers and has every domain loaded, as a node does at its start.
func (e *examination) worker(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, workerTime)
	defer cancel()
	w, err := workers.Find(ctx, e.cfg, e.log)
	if err == nil {
		err = w.State().Missing
	}
	if err != nil {
		e.wrong("worker", err.Error(), "without a worker the node only relays", "make build, or put doin-worker beside doin-node or on PATH, or set worker_path")
		return
	}
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.Run(run) }()
	loaded, sound := 0, true
	for _, d := range e.cfg.Domains {
		if !d.Active() {
			continue
		}
		info, err := w.Configure(ctx, d)
		switch {
		case err == nil:
			loaded++
			e.dataHash(d.ID, info)
		case errors.Is(err, worker.ErrWorkerDied), errors.Is(err, worker.ErrClosed), errors.Is(err, context.DeadlineExceeded):
			sound = false
			e.wrong("worker_start", fmt.Sprintf("domain %s: %v", d.ID, err), "nothing can be trained", "run the worker by hand, doin-worker describe, and see what it says")
		default:
			sound = false
			e.wrong("domain", fmt.Sprintf("domain %s: %v", d.ID, err), "the node ends when it loads the domain", "mend the domain's optimization_plugin and optimization_config; docs/configuration.md lists their keys")
		}
	}
	for _, about := range w.Descriptions() {
		if e.Version != "" && strings.HasPrefix(about.Name, "doin-worker") && about.Version != e.Version {
			sound = false
			e.wrong("worker_version", fmt.Sprintf("%s is version %s, doin-node is %s", about.Name, about.Version, e.Version), "results may be those of another contract, which nobody else confirms",
				"make build, and put both programs in place together")
		}
	}
	stop()
	<-ended
	if sound {
		e.ok("worker", "%d domains are loaded", loaded)
	}
}

// dataHash holds a domain's data against the genesis file.
func (e *examination) dataHash(domain string, info worker.Info) {
	data, err := os.ReadFile(e.cfg.GenesisFile)
	if e.cfg.GenesisFile == "" || err != nil {
		return
	}
	g, err := chain.ParseGenesis(data)
	if err != nil {
		return // found before
	}
	if d, ok := g.Domain(domain); ok && d.DataHash != "" && d.DataHash != info.DataHash {
		e.wrong("data_hash", fmt.Sprintf("domain %s: the data here hash to %.12s, the genesis file demands %.12s", domain, info.DataHash, d.DataHash), "the node does not start: its results would be about other data",
			"get the data file of the network, and the same optimization_config")
	}
}

// peers asks each bootstrap peer who it is.
func (e *examination) peers(ctx context.Context) {
	list := e.cfg.Network.Bootstrap
	if len(list) == 0 {
		e.note("peers", "no bootstrap_peers", "the node waits to be called, or stays alone", "to join others, name one of them in bootstrap_peers")
	}
	network := terms.NetworkOf(e.cfg)
	for _, peer := range list {
		if strings.HasPrefix(peer, "/") {
			e.note("peers", fmt.Sprintf("%s is a multiaddress", peer), "it is reached by libp2p, which is not tried here", "the running node shows in /status, p2p, whom it has reached")
			continue
		}
		ahead, id, err := ask(ctx, peer, e.Now)
		switch {
		case err != nil:
			e.wrong("peer_unreachable", fmt.Sprintf("%s: %v", peer, err), "the node finds the network by its bootstrap peers", "start the node there, open its port in the firewall, or name another peer")
			continue
		case network != "" && id != network:
			e.wrong("peer_network", fmt.Sprintf("%s is of network %.12s, this node of %.12s", peer, id, network), "they refuse each other", "give both the same genesis file")
			continue
		case ahead.Abs() > maxOffset:
			e.wrong("clock", fmt.Sprintf("the clock of %s is %v ahead of this machine's", peer, ahead.Round(time.Second)), "messages whose time is ten minutes off are refused, and rounds are dated wrongly",
				"timedatectl set-ntp true, on the machine whose clock is wrong")
		}
		e.ok("peers", "%s answers", peer)
	}
}

// ask returns how far a peer's clock is ahead and its network.
func ask(ctx context.Context, peer string, now func() time.Time) (ahead time.Duration, network string, err error) {
	host, port, err := config.SplitPeer(peer)
	if err != nil {
		return 0, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, peerTime)
	defer cancel()
	client := http.Client{Transport: &http.Transport{}} // never by a proxy
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, fmt.Sprint(port))+"/peers", nil)
	if err != nil {
		return 0, "", err
	}
	begin := now()
	res, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	var answer struct {
		Self struct {
			Network string `json:"network_id"`
		} `json:"self"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&answer); err != nil || res.StatusCode != http.StatusOK {
		return 0, "", fmt.Errorf("it answers %s, and not as a node does", res.Status)
	}
	if date, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		ahead = date.Sub(begin)
	}
	return ahead, answer.Self.Network, nil
}

// clock asks the kernel.
func (e *examination) clock(context.Context) {
	switch kept, ok := e.Clock(); {
	case !ok:
	case kept:
		e.ok("clock", "the kernel says that it is kept")
	default:
		e.note("clock_unkept", "nothing keeps this machine's clock, says the kernel", "it drifts; in a container the host may keep it", "timedatectl set-ntp true")
	}
}
