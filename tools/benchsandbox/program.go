package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// program is a server that is measured.
type program struct {
	name, path string
	args       func(addr string) []string
}

// process is a program that runs.
type process struct {
	cmd  *exec.Cmd
	addr string
	// ready is how long the first answer took from the start.
	ready time.Duration
}

// start runs a program and waits for its first answer. It returns an error when none comes within ten seconds.
func (p program) start(ctx context.Context) (*process, error) {
	addr, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	cmd := exec.CommandContext(ctx, p.path, p.args(addr)...)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &process{cmd: cmd, addr: addr}
	for time.Since(began) < 10*time.Second {
		c, err := dial(ctx, addr)
		if err == nil {
			err = c.exchange(callOf("GET", "/v1/customers?limit=1", ""), "")
			c.close()
		}
		if err == nil {
			r.ready = time.Since(began)
			return r, nil
		}
		time.Sleep(time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("no answer on %s", addr), r.stop())
}

// stop ends the program.
func (r *process) stop() error {
	if err := r.cmd.Process.Kill(); err != nil {
		return err
	}
	var killed *exec.ExitError
	if err := r.cmd.Wait(); err != nil && !errors.As(err, &killed) {
		return err
	}
	return nil
}

// rss is the memory that the process occupies, in bytes.
func (r *process) rss() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0, errors.New("the system does not say VmRSS")
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	return kib << 10, err
}

// cpu is the processor time that the process took so far.
func (r *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("the system does not say utime and stime")
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	const tick = 10 * time.Millisecond // USER_HZ of Linux
	return time.Duration(user+system) * tick, err
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// sink is a webhook endpoint that takes every event. It reads as little of a request as it must, since it shares the
// processor with the server, as the load does.
type sink struct {
	url      string
	received atomic.Int64
	listener net.Listener
}

func newSink(ctx context.Context) (*sink, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{url: "http://" + l.Addr().String() + "/webhooks", listener: l}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // it was closed
			}
			go s.serve(conn)
		}
	}()
	return s, nil
}

// serve answers the deliveries of a connection until it ends.
func (s *sink) serve(conn net.Conn) {
	c := &connection{conn: conn, in: bufio.NewReaderSize(conn, 32<<10)}
	defer c.close()
	for {
		if _, err := c.in.ReadSlice('\n'); err != nil {
			return
		}
		length, _, err := c.headers()
		if err != nil {
			return
		}
		if _, err := c.in.Discard(length); err != nil {
			return
		}
		s.received.Add(1)
		if _, err := conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")); err != nil {
			return
		}
	}
}

func (s *sink) close() { _ = s.listener.Close() } // nothing is lost with it
