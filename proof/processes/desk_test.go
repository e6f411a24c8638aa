package processes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/vezne/vezne/internal/store/storetest"
)

// desk is a place at which a process of the service runs, one after the other.
type desk struct {
	name string
	// program is what runs there.
	program string
	// env are the settings of its processes.
	env []string
	dir string
	// way is how others reach it; nil for straight.
	way *storetest.Road
	// url is where it listens, empty while nobody does.
	url atomic.Pointer[string]

	process *process
	started int
}

// process is one life of the program.
type process struct {
	cmd   *exec.Cmd
	ready string
	log   string
	// gone is closed once it ended, with what Wait said in err.
	gone chan struct{}
	err  error
	// expected is true once we ended it ourselves.
	expected atomic.Bool
}

// patience is how long anything may take that nothing is asserted of.
const patience = 90 * time.Second

// start starts a process. It does not wait until the process answers.
func (d *desk) start() error {
	d.started++
	p := &process{
		ready: filepath.Join(d.dir, fmt.Sprintf("%s-%d.json", d.name, d.started)), log: filepath.Join(d.dir, d.name+".log"), gone: make(chan struct{}),
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	p.cmd = exec.Command(d.program, "serve", "--addr", "127.0.0.1:0", "--ready-file", p.ready, "--log-level", "warn")
	// By a pipe: where files cannot be written any more, its log still can.
	p.cmd.Env, p.cmd.Stderr = d.env, struct{ io.Writer }{log}
	if err := p.cmd.Start(); err != nil {
		return errors.Join(err, log.Close())
	}
	go func() {
		p.err = errors.Join(p.cmd.Wait(), log.Close())
		close(p.gone)
	}()
	d.process = p
	return nil
}

// await waits until the process answers.
func (d *desk) await(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", d.name, ctx.Err(), d.said())
		case <-d.process.gone:
			return errors.Join(errors.New(d.name+" ended by itself"), d.process.err, errors.New(d.said()))
		case <-tick.C:
		}
		text, err := os.ReadFile(d.process.ready)
		if err != nil {
			continue
		}
		var told struct{ Service string }
		if json.Unmarshal(text, &told) != nil || told.Service == "" {
			continue // it is still being written
		}
		address := strings.TrimPrefix(told.Service, "http://")
		if d.way != nil {
			d.way.Lead("tcp", address)
			address = d.way.Address()
		}
		url := "http://" + address
		d.url.Store(&url)
		return nil
	}
}

// kill ends the process as kill -9 does.
func (d *desk) kill() error {
	d.process.expected.Store(true)
	d.url.Store(nil)
	if err := d.process.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-d.process.gone
	return os.RemoveAll(d.process.ready)
}

// end asks the process to end, as an operator does.
func (d *desk) end(ctx context.Context) error {
	d.process.expected.Store(true)
	d.url.Store(nil)
	if err := d.process.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	select {
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("%s does not end when asked: %w\n%s", d.name, ctx.Err(), d.said()), d.kill())
	case <-d.process.gone:
	}
	if d.process.err != nil {
		return fmt.Errorf("%s ends with %w\n%s", d.name, d.process.err, d.said())
	}
	return nil
}

// deserted says why nobody works there any more, if we did not end it.
func (d *desk) deserted() error {
	select {
	case <-d.process.gone:
		if !d.process.expected.Load() {
			return errors.Join(errors.New(d.name+" ended by itself"), d.process.err, errors.New(d.said()))
		}
	default:
	}
	return nil
}

// lastWords is how much of a log is shown, in bytes.
const lastWords = 16 << 10

// said is the end of what its processes logged.
func (d *desk) said() string {
	text, err := os.ReadFile(d.process.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-lastWords):])
}

// call calls the REST API of the process. An error means that no whole answer came.
func (d *desk) call(ctx context.Context, client *http.Client, token, method, path, body, key string) (int, []byte, error) {
	url := d.url.Load()
	if url == nil {
		return 0, nil, errors.New(d.name + " is down")
	}
	r, err := http.NewRequestWithContext(ctx, method, *url+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, answer.Body); err != nil {
		return 0, nil, err
	}
	return answer.StatusCode, b.Bytes(), nil
}
