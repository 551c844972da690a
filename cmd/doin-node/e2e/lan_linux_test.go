package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// lan is an Ethernet of the test's own: every port is a TAP device in a network namespace made for it, and the switch
// between them is in this process, which can cut, delay and lose what passes. So it does what a bridge with "tc netem"
// would, on kernels without netem too, and nothing of it touches the machine's own network.
type lan struct {
	t     *testing.T
	ports []*lanPort

	mu    sync.Mutex
	at    map[[6]byte]int // hardware address → port
	group []int           // by port; frames stay within a group
	delay time.Duration   // of every frame
	loss  float64         // part of the frames that vanish
	rnd   *rand.Rand
	stats lanStats
}

// lanStats counts frames by what became of them.
type lanStats struct{ passed, cut, lost int }

// lanPort is one namespace and its device.
type lanPort struct {
	port
	bits   int // of the network's mask
	device *os.File
	inside *os.File // the namespace
	queue  chan frame
}

// frame is on its way.
type frame struct {
	due  time.Time
	data []byte
}

// queueFrames is how many frames wait for a port; a full one loses more, as a real one does.
const queueFrames = 4096

var lans atomic.Int32

// newLAN makes a network of n ports, 10.77.0.1 and so on, or skips the test where that is not permitted.
func newLAN(t *testing.T, n int) *lan {
	t.Helper()
	addresses := make([]string, n)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("10.77.0.%d", i+1)
	}
	return newLANOf(t, addresses, 24)
}

// newLANOf is newLAN with a port at each address; the mask of so many bits has them all in one network. Nothing leaves the
// namespaces, so the addresses may be of any kind.
func newLANOf(t *testing.T, addresses []string, bits int) *lan {
	t.Helper()
	n := len(addresses)
	l := &lan{t: t, at: map[[6]byte]int{}, group: make([]int, n), rnd: rand.New(rand.NewPCG(7, 7))}
	number := lans.Add(1)
	var reading, delivering sync.WaitGroup
	t.Cleanup(func() {
		for _, p := range l.ports {
			p.client.CloseIdleConnections()
			p.device.Close() // ends its reader
		}
		reading.Wait()
		for _, p := range l.ports {
			close(p.queue)
		}
		delivering.Wait()
		for _, p := range l.ports {
			p.inside.Close()
			if out, err := exec.Command("ip", "netns", "delete", p.namespace).CombinedOutput(); err != nil {
				t.Errorf("ip netns delete %s: %v: %s", p.namespace, err, out)
			}
		}
	})
	for i, address := range addresses {
		p, err := newLANPort(fmt.Sprintf("doin-%d-%d-%d", os.Getpid(), number, i), address, bits)
		if err != nil {
			t.Skipf("NOT TESTED: partitions, delay and loss. Network namespaces and TAP devices are not permitted here: %v", err)
		}
		l.ports = append(l.ports, p)
	}
	for i, p := range l.ports {
		reading.Go(func() { l.read(i) })
		delivering.Go(p.deliver)
	}
	return l
}

// newLANPort makes a namespace with a device in it.
func newLANPort(namespace, address string, bits int) (_ *lanPort, err error) {
	p := &lanPort{port: port{namespace: namespace, address: address}, bits: bits, queue: make(chan frame, queueFrames)}
	ip := func(args ...string) {
		if err == nil {
			var out []byte
			if out, err = exec.Command("ip", args...).CombinedOutput(); err != nil {
				err = fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
			}
		}
	}
	ip("netns", "add", namespace)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = exec.Command("ip", "netns", "delete", namespace).Run() // as far as it was made
		}
	}()
	if p.inside, err = os.Open("/run/netns/" + namespace); err != nil {
		return nil, err
	}
	if err = within(p.inside, func() (err error) { p.device, err = openTAP("lan0"); return err }); err != nil {
		return nil, err
	}
	ip("-n", namespace, "link", "set", "lo", "up")
	ip("-n", namespace, "address", "add", fmt.Sprintf("%s/%d", address, bits), "dev", "lan0")
	ip("-n", namespace, "link", "set", "lan0", "up")
	if err != nil {
		return nil, err
	}
	p.client = p.clientFrom("")
	return p, nil
}

// clientFrom returns a client whose connections begin inside, at an address that the port has, "" for its own.
func (p *lanPort) clientFrom(address string) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if address != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(address)}
	}
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 4,
		DialContext: func(ctx context.Context, network, to string) (c net.Conn, err error) {
			err = within(p.inside, func() (err error) { c, err = dialer.DialContext(ctx, network, to); return err })
			return c, err
		}}}
}

// add gives the port one more address.
func (p *lanPort) add(address string) error {
	out, err := exec.Command("ip", "-n", p.namespace, "address", "add", fmt.Sprintf("%s/%d", address, p.bits), "dev", "lan0").CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip address add %s: %w: %s", address, err, out)
	}
	return nil
}

// listen opens a listener inside.
func (p *lanPort) listen(address string, port int) (l net.Listener, err error) {
	err = within(p.inside, func() (err error) {
		l, err = net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
		return err
	})
	return l, err
}

// within calls f in a network namespace. A socket belongs to the namespace of the thread that made it, for good.
func within(namespace *os.File, f func() error) error {
	done := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine and takes its namespace with it.
		runtime.LockOSThread()
		setns, ok := map[string]uintptr{"amd64": 308, "arm64": 268}[runtime.GOARCH]
		if !ok {
			done <- errors.New("setns has no number for " + runtime.GOARCH)
			return
		}
		if _, _, errno := syscall.RawSyscall(setns, namespace.Fd(), syscall.CLONE_NEWNET, 0); errno != 0 {
			done <- fmt.Errorf("setns: %w", errno)
			return
		}
		done <- f()
	}()
	return <-done
}

// openTAP makes a TAP device in the namespace of the calling thread.
func openTAP(name string) (*os.File, error) {
	fd, err := syscall.Open("/dev/net/tun", syscall.O_RDWR|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w", err)
	}
	const setIff, tap, noInfo = 0x400454ca, 0x0002, 0x1000 // TUNSETIFF, IFF_TAP, IFF_NO_PI of linux/if_tun.h
	var request struct {
		name  [16]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:15], name)
	request.flags = tap | noInfo
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), setIff, uintptr(unsafe.Pointer(&request))); errno != 0 {
		syscall.Close(fd)
		return nil, fmt.Errorf("tap device: %w", errno)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// read takes frames from port i until its device is closed.
func (l *lan) read(i int) {
	for {
		data := make([]byte, 2048)
		n, err := l.ports[i].device.Read(data)
		if errors.Is(err, os.ErrClosed) || errors.Is(err, io.EOF) {
			return
		}
		if err != nil || n < 14 {
			continue // the device is down, or it is no frame
		}
		l.forward(i, data[:n])
	}
}

// forward passes a frame on, as a switch does: to the port where its receiver was seen, else to all.
func (l *lan) forward(from int, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[[6]byte(data[6:12])] = from
	to, known := l.at[[6]byte(data[:6])]
	for i, p := range l.ports {
		if i == from || known && i != to {
			continue
		}
		switch {
		case l.group[i] != l.group[from]:
			l.stats.cut++
			continue
		case l.rnd.Float64() < l.loss:
			l.stats.lost++
			continue
		}
		select {
		case p.queue <- frame{time.Now().Add(l.delay), data}:
			l.stats.passed++
		default:
			l.stats.lost++
		}
	}
}

// deliver hands a port its frames when they are due, in their order, until the queue is closed.
func (p *lanPort) deliver() {
	for f := range p.queue {
		if d := time.Until(f.due); d > 0 {
			timer := time.NewTimer(d) // the wire's length
			<-timer.C
		}
		_, _ = p.device.Write(f.data) // lost where the device is down
	}
}

// split cuts the network: ports are of the group at their place.
func (l *lan) split(group ...int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	copy(l.group, group)
}

// heal joins all ports again.
func (l *lan) heal() { l.split(make([]int, len(l.ports))...) }

// impair delays every frame and loses some.
func (l *lan) impair(delay time.Duration, loss float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay, l.loss = delay, loss
}

func (l *lan) counts() lanStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}
