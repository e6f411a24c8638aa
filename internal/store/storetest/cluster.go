package storetest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// supervise makes and starts a cluster and says so, waits until its standard
// input gets a line or ends, and stops it. The input ends with the test process
// however that ends, so that no server and no folder stays behind.
const supervise = `
trap '' PIPE
if [ ! -d "$DIR/data" ] && [ -n "$FROM" ]; then
	"$BIN/pg_basebackup" -D "$DIR/data" -h "$FROM" -U postgres -R -X stream -c fast --no-sync >"$DIR/log" 2>&1 || { cat "$DIR/log"; exit 1; }
elif [ ! -d "$DIR/data" ]; then
	"$BIN/initdb" -D "$DIR/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$DIR/log" 2>&1 || { cat "$DIR/log"; exit 1; }
fi
"$BIN/pg_ctl" -s -w -t 60 -D "$DIR/data" -l "$DIR/log" -o "$OPTIONS" start || { cat "$DIR/log"; exit 1; }
echo ready
read -r word
"$BIN/pg_ctl" -s -w -t 60 -D "$DIR/data" -m "${word:-immediate}" stop
[ -n "$word" ] || rm -rf "$DIR"
`

// cluster is a private PostgreSQL server.
type cluster struct {
	bin, dir string
	durable  bool
	// from is the folder of the server that a standby follows.
	from string
	// as is the user that the server runs as, nil for our own: PostgreSQL refuses
	// root.
	as *syscall.Credential

	process *exec.Cmd
	hold    io.WriteCloser
}

// newCluster makes and starts a cluster. It is fast and unsafe unless durable
// is asked for. Where from is the folder of another, it follows that one.
func newCluster(durable bool, from string) (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "vezne-pg-")
	if err != nil {
		return nil, fmt.Errorf("storetest: make a folder: %w", err)
	}
	c := &cluster{bin: bin, dir: dir, durable: durable, from: from}
	if os.Geteuid() == 0 {
		err = c.dropRoot()
	}
	if err == nil {
		err = c.start()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

// binaries finds the newest PostgreSQL of this machine.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", fmt.Errorf("storetest: look for PostgreSQL: %w", err)
	}
	best, version := "", -1
	for _, f := range found {
		bin := filepath.Dir(f)
		if v, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && v > version {
			best, version = bin, v
		}
	}
	if best == "" {
		if f, err := exec.LookPath("initdb"); err == nil {
			best = filepath.Dir(f)
		}
	}
	if best == "" {
		return "", errors.New("PostgreSQL is not installed on this machine; run `make setup`, which installs it (nothing is skipped: these tests need it)")
	}
	return best, nil
}

func (c *cluster) dropRoot() error {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errU := strconv.ParseUint(u.Uid, 10, 32)
		gid, errG := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(errU, errG); err != nil {
			return fmt.Errorf("storetest: the user %s: %w", name, err)
		}
		c.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(c.dir, int(uid), int(gid)); err != nil {
			return fmt.Errorf("storetest: give the folder to %s: %w", name, err)
		}
		return nil
	}
	return errors.New("storetest: PostgreSQL refuses to run as root, and there is no user postgres; run `make setup`")
}

func (c *cluster) start() error {
	options := []string{"-c listen_addresses=", "-k " + c.dir, "-c max_connections=400", "-c shared_buffers=64MB", "-c timezone=UTC"}
	if c.syncsAtOnce() {
		options = append(options, "-c recovery_init_sync_method=syncfs")
	}
	if !c.durable {
		options = append(options, "-c fsync=off", "-c synchronous_commit=off", "-c full_page_writes=off", "-c autovacuum=off")
	}
	cmd := exec.Command("sh", "-c", supervise) //nolint:noctx // it ends with its input
	cmd.Dir = c.dir
	// A group of its own: Ctrl-C in a terminal is ours to hear.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as, Setpgid: true}
	cmd.Env = append(os.Environ(), "BIN="+c.bin, "DIR="+c.dir, "FROM="+c.from, "OPTIONS="+strings.Join(options, " "))
	hold, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("storetest: start PostgreSQL: %w", err)
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("storetest: start PostgreSQL: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("storetest: start PostgreSQL: %w", err)
	}
	lines := bufio.NewScanner(said)
	var log []string
	for lines.Scan() {
		if lines.Text() == "ready" {
			c.process, c.hold = cmd, hold
			return nil
		}
		log = append(log, lines.Text())
	}
	return errors.Join(fmt.Errorf("storetest: PostgreSQL did not start: %s", strings.Join(log, "\n")), lines.Err(), hold.Close(), cmd.Wait())
}

// syncsAtOnce reports whether PostgreSQL can sync all its files by one call when
// it starts after a crash, as it can since version 14. One by one they take
// seconds on a disk on which much else is written.
func (c *cluster) syncsAtOnce() bool {
	version, err := strconv.Atoi(filepath.Base(filepath.Dir(c.bin)))
	return err == nil && version >= 14
}

// stop ends the server in a mode of pg_ctl ("fast", "immediate") and keeps its
// data.
func (c *cluster) stop(mode string) error {
	if c.process == nil {
		return nil
	}
	process := c.process
	c.process = nil
	if _, err := io.WriteString(c.hold, mode+"\n"); err != nil {
		return fmt.Errorf("storetest: stop PostgreSQL: %w", err)
	}
	if err := process.Wait(); err != nil {
		return fmt.Errorf("storetest: stop PostgreSQL: %w", err)
	}
	return nil
}

// url returns the address of a database.
func (c *cluster) url(database string) string {
	return "postgres://postgres@/" + database + "?host=" + c.dir
}
