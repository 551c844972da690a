//go:build unix

package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// server is a PostgreSQL server of the test's own, reached by a socket in its folder.
type server struct {
	t   testing.TB
	bin string
	dir string
	as  *syscall.Credential // nil: who runs the test
}

// newServer starts a server. Without PostgreSQL on the machine the test says so and is left out.
func newServer(t testing.TB) *server {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		t.Skip("NOT TESTED: no PostgreSQL server is installed (apt-get install postgresql)")
	}
	dir, err := os.MkdirTemp("", "doinpg") // t.TempDir's parent is not reachable for another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &server{t: t, bin: filepath.Dir(found[len(found)-1]), dir: dir}
	if os.Getuid() == 0 { // initdb refuses root
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Skip("NOT TESTED: no user postgres:", err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	s.run("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }
func (s *server) dsn() string {
	return fmt.Sprintf("host=%s user=postgres dbname=postgres sslmode=disable", s.dir)
}

func (s *server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	return cmd
}

func (s *server) run(name string, args ...string) {
	s.t.Helper()
	if out, err := s.command(name, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

func (s *server) start() {
	s.t.Helper()
	s.run("pg_ctl", "-D", s.data(), "-w", "-t", "120", "-l", filepath.Join(s.dir, "log"),
		"-o", fmt.Sprintf("-k %s -c listen_addresses='' -c fsync=off", s.dir), "start")
}

func (s *server) stop() {
	_ = s.command("pg_ctl", "-D", s.data(), "-w", "-m", "immediate", "stop").Run() // it may rest already
}

// number asks for one number.
func (s *server) number(query string) (n int64) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.dsn())
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, query).Scan(&n); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return n
}
