package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

// srun starts the tasks as Slurm does, each on a machine of its own, and hands a signal on to them.
const srun = `#!/bin/bash
shift
echo $$ >"$PID_FILE"
tasks=()
for i in 0 1; do
	SLURM_PROCID=$i ip netns exec "$NAMESPACE-$i" "$@" &
	tasks+=($!)
done
told=
trap 'told=1; kill -TERM "${tasks[@]}"' TERM
worst=0
for p in "${tasks[@]}"; do
	while :; do
		status=0
		wait $p || status=$?
		[ -n "$told" ] || break
		told=
	done
	[ $status = 0 ] || worst=$status
done
exit $worst
`

// TestSlurm runs the job of deploy/slurm on two machines with commands that stand in for Slurm's: one network, archives and
// champions at its end, and a second job goes on with them.
func TestSlurm(t *testing.T) {
	t.Parallel()
	l := newLAN(t, 2)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"srun": srun, "scontrol": "#!/bin/sh\nprintf '10.77.0.1\\n10.77.0.2\\n'\n"} {
		if err := os.WriteFile(in(name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := settings(quadratic()).Set("host", "0.0.0.0")
	s.Delete("identity_file")
	write(t, in("node.json"), canon.AppendIndent(nil, s))
	environment := []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "TMPDIR=" + dir, "SLURM_JOB_ID=7", "SLURM_NTASKS=2", "SLURM_JOB_NODELIST=a[1-2]",
		"SLURM_SUBMIT_DIR=" + root, "DOIN=" + filepath.Dir(nodeExe), "CONFIG=" + in("node.json"), "RESULTS=" + in("results"), "PID_FILE=" + in("pid"),
		"NAMESPACE=" + strings.TrimSuffix(l.ports[0].namespace, "-0")}
	hosts := make([]*host, 2)
	for i := range hosts {
		hosts[i] = &host{t: t, name: fmt.Sprintf("task %d", i), port: 8470, lan: &l.ports[i].port}
	}
	job := func(height int64) (network string) {
		p := launch(t, "job", dir, append(append([]string{"env"}, environment...), "bash", filepath.Join(root, "deploy", "slurm", "doin.sbatch")))
		t.Cleanup(func() {
			for _, pid := range descendants(p.cmd.Process.Pid) {
				_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
			}
		})
		for _, h := range hosts {
			h.process = p
			h.ready()
		}
		eventually(t, "a block everywhere", grown(hosts, []int64{height, height}, 1))
		network = sameGenesis(t, hosts, 2)
		pid, err := strconv.Atoi(strings.TrimSpace(string(read(t, in("pid")))))
		if err == nil {
			err = syscall.Kill(pid, syscall.SIGTERM)
		}
		if err != nil {
			t.Fatal(err)
		}
		if code := p.exit(); code != 0 {
			t.Fatalf("the job ended with %d: %s", code, tail(p.out.String(), 20))
		}
		return network
	}
	network := job(0)
	o, err := canon.ParseObject(read(t, in("results/champions.json")))
	if err != nil || len(objects(t, o, "champions")) != 1 {
		t.Errorf("champions.json: %v, %.200s", err, canon.Default(o))
	}
	for _, name := range []string{"node-0.tar", "node-1.tar"} {
		out, err := exec.Command("tar", "-tf", in("results/"+name)).Output()
		if err != nil || !strings.Contains(string(out), "./identity.json\n") || !strings.Contains(string(out), "./chain/\n") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	if left, err := filepath.Glob(in("doin-7-*")); err != nil || len(left) > 0 {
		t.Errorf("%q are left on the disks", left)
	}
	if again := job(0); again != network {
		t.Errorf("a second job is of network %s, want %s", again, network)
	}
}

// TestSystemd: the unit has no key that systemd does not know.
func TestSystemd(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("NOT TESTED: deploy/systemd. There is no systemd-analyze")
	}
	unit := string(read(t, filepath.Join(root, "deploy", "systemd", "doin-node.service")))
	const installed = "/usr/local/bin/doin-node"
	if !strings.Contains(unit, "ExecStart="+installed+" ") {
		t.Fatalf("the unit does not start %s", installed)
	}
	path := filepath.Join(t.TempDir(), "doin-node.service")
	write(t, path, []byte(strings.Replace(unit, "ExecStart="+installed, "ExecStart="+nodeExe, 1)))
	out, err := exec.Command("systemd-analyze", "verify", "--man=no", path).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v: %s", err, out)
	}
}

// TestNotices: all that the programs contain states its terms, what is in the page too.
func TestNotices(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, ".ci", "notices"), "linux/amd64", "windows/amd64")
	cmd.WaitDelay = 2 * time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("notices: %v\n%s", err, tail(string(out), 5))
	}
	mentions(t, string(out), "======== The Go standard library", "======== github.com/JohnCGriffin/overflow ", "Copyright (c) 2017 John C. Griffin",
		"======== preact ", "Jason Miller", "======== uplot ", "Leon Sorokin")
}

// TestDockerfiles reads the Dockerfiles as far as that can be done without Docker: known instructions, sources that there are,
// commands that the programs have.
func TestDockerfiles(t *testing.T) {
	known := []string{"FROM", "ARG", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD"}
	files, err := filepath.Glob(filepath.Join(root, "deploy", "docker", "Dockerfile*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("Dockerfiles: %q, %v", files, err)
	}
	for _, file := range files {
		stages := map[string]bool{}
		last := ""
		for line := range strings.Lines(string(read(t, file))) {
			words := strings.Fields(line)
			if len(words) == 0 || strings.HasPrefix(line, "#") {
				continue
			}
			last = words[0]
			switch {
			case !slices.Contains(known, words[0]) || len(words) < 2:
				t.Errorf("%s: %q is no instruction", file, line)
			case words[0] == "FROM" && len(words) == 4 && words[2] == "AS":
				stages[words[3]] = true
			case words[0] == "COPY":
				checkCopy(t, file, words[1:], stages)
			case words[0] == "ENTRYPOINT" || words[0] == "CMD":
				var list []string
				if err := json.Unmarshal([]byte(line[len(words[0]):]), &list); err != nil || len(list) == 0 {
					t.Errorf("%s: %q: %v, want a list of texts", file, line, err)
				}
			case words[0] == "RUN":
				checkRun(t, file, line)
			}
		}
		if last != "CMD" {
			t.Errorf("%s ends in %s, want CMD", file, last)
		}
	}
}

// checkCopy demands that what is copied is in the repository, or comes from a stage that there is.
func checkCopy(t *testing.T, file string, words []string, stages map[string]bool) {
	t.Helper()
	if stage, ok := strings.CutPrefix(words[0], "--from="); ok {
		if !stages[stage] {
			t.Errorf("%s: COPY from the unknown stage %q", file, stage)
		}
		return
	}
	for _, source := range words[:len(words)-1] {
		if _, err := os.Stat(filepath.Join(root, source)); err != nil {
			t.Errorf("%s: COPY %s: %v", file, source, err)
		}
	}
}

// checkRun demands that targets of make and packages of the repository are there.
func checkRun(t *testing.T, file, line string) {
	t.Helper()
	makefile := string(read(t, filepath.Join(root, "Makefile")))
	for _, m := range regexp.MustCompile(`make ([a-z-]+)`).FindAllStringSubmatch(line, -1) {
		if !strings.Contains(makefile, "\n"+m[1]+":") {
			t.Errorf("%s: there is no make %s", file, m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\./cmd/[a-z-]+`).FindAllString(line, -1) {
		if _, err := os.Stat(filepath.Join(root, m, "main.go")); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
