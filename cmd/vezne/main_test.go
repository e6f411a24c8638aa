package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vezne/vezne/internal/store/storetest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"vezne": main})
}

// patience is how long a session waits for a program to be ready.
const patience = time.Minute

// lastAnswer is the key of the answer that field reads.
type lastAnswer struct{}

// TestSessions runs the sessions of testdata: the binary as a person drives it.
func TestSessions(t *testing.T) {
	t.Parallel()
	postgres := storetest.EmptyPostgres(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Values[lastAnswer{}] = new([]byte)
			e.Setenv("POSTGRES", postgres)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "ready": ready, "api": api, "field": field, "until": until, "freeport": freeport, "take": takeFile,
		},
	})
}

// exits runs a command and compares its exit code: exits 2 vezne serve.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if e, ok := errors.AsType[interface {
		error
		ExitCode() int
	}](err); ok {
		got = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s ended with code %d, want %d", args[1], got, want)
	}
}

// ready waits for a ready file and takes what it says into the environment:
// ready FILE makes $service, $api_token and so on.
func ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready FILE")
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil {
			said := map[string]string{}
			ts.Check(json.Unmarshal(b, &said))
			for k, v := range said {
				ts.Setenv(k, v)
			}
			return
		}
		if !errors.Is(err, fs.ErrNotExist) {
			ts.Check(err)
		}
		select {
		case <-late:
			ts.Fatalf("%s was not written in %s", args[0], patience)
		case <-tick.C:
		}
	}
}

func call(ts *testscript.TestScript, args []string) (int, []byte) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: api METHOD URL [BODY]")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	body := ""
	if len(args) == 3 {
		body = args[2]
	}
	req, err := http.NewRequestWithContext(ctx, args[0], args[1], strings.NewReader(body))
	ts.Check(err)
	if token := ts.Getenv("api_token"); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	ts.Check(err)
	answer, err := io.ReadAll(res.Body)
	ts.Check(errors.Join(err, res.Body.Close()))
	*ts.Value(lastAnswer{}).(*[]byte) = answer
	return res.StatusCode, answer
}

// api calls a URL with the token of $api_token, as curl would, and writes
// status and body.
func api(ts *testscript.TestScript, neg bool, args []string) {
	code, answer := call(ts, args)
	if failed := code >= 400; failed != neg {
		ts.Fatalf("%s %s: %d: %s", args[0], args[1], code, answer)
	}
	_, err := fmt.Fprintf(ts.Stdout(), "%d\n%s\n", code, answer)
	ts.Check(err)
}

// field takes a value of the last answer into the environment: field ORDER id,
// or field FIRST data.0.id.
func field(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: field NAME KEY")
	}
	var said any
	ts.Check(json.Unmarshal(*ts.Value(lastAnswer{}).(*[]byte), &said))
	for step := range strings.SplitSeq(args[1], ".") {
		var next any
		switch v := said.(type) {
		case map[string]any:
			next = v[step]
		case []any:
			if i, err := strconv.Atoi(step); err == nil && i < len(v) {
				next = v[i]
			}
		}
		if next == nil {
			ts.Fatalf("the answer has no %s in %v", args[1], said)
		}
		said = next
	}
	ts.Setenv(args[0], fmt.Sprint(said))
}

// freeport takes the address of a free port into the environment, where it has
// to be known before a program listens there.
func freeport(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: freeport NAME")
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], l.Addr().String())
	ts.Check(l.Close())
}

// takeFile takes the text of a file into the environment: take NAME FILE.
func takeFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: take NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// until calls a URL again and again until the answer fits a pattern.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: until PATTERN METHOD URL [BODY]")
	}
	pattern, err := regexp.Compile(args[0])
	ts.Check(err)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		_, answer := call(ts, args[1:])
		if pattern.Match(answer) {
			return
		}
		select {
		case <-late:
			ts.Fatalf("%s still answers %s", args[2], answer)
		case <-tick.C:
		}
	}
}
