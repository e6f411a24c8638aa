package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// call is a request as it is written to a connection, without its idempotency key.
type call struct{ head, body string }

func callOf(method, path, body string) call {
	head := method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk_test_sandbox\r\n"
	if body != "" {
		head += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
	}
	return call{head, body}
}

// connection speaks HTTP/1.1 with as little of the processor as can be, since it shares it with the server.
type connection struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	body []byte
	// renew is when the connection's deadline is moved on.
	renew time.Time
}

func dial(ctx context.Context, addr string) (*connection, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &connection{conn: conn, in: bufio.NewReaderSize(conn, 32<<10)}, nil
}

func (c *connection) close() { _ = c.conn.Close() } // nothing is lost with it

// patience is how long an answer may take.
const patience = 30 * time.Second

// exchange sends a call and reads its answer into body. Any status but 200 is an error, and so is no answer in time.
func (c *connection) exchange(call call, key string) error {
	if now := time.Now(); now.After(c.renew) { // a deadline for each exchange would be a good part of its time
		c.renew = now.Add(patience / 2)
		if err := c.conn.SetDeadline(now.Add(2 * patience)); err != nil {
			return err
		}
	}
	c.out = append(c.out[:0], call.head...)
	if key != "" {
		c.out = append(append(append(c.out, "Idempotency-Key: "...), key...), "\r\n"...)
	}
	c.out = append(append(c.out, "\r\n"...), call.body...)
	if _, err := c.conn.Write(c.out); err != nil {
		return err
	}
	return c.read()
}

func (c *connection) read() error {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	ok := bytes.HasPrefix(line, []byte("HTTP/1.1 200 "))
	length, chunked, err := c.headers()
	if err != nil {
		return err
	}
	c.body = c.body[:0]
	if err := c.readBody(length, chunked); err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%w: %.300s", errRefused, c.body)
	}
	return nil
}

// headers reads what says how long the body is.
func (c *connection) headers() (length int, chunked bool, err error) {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, chunked, nil
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, false, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
}

func (c *connection) readBody(length int, chunked bool) error {
	if !chunked {
		return c.take(length)
	}
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if err := c.take(int(n)); err != nil {
			return err
		}
		if _, err := c.in.Discard(2); err != nil || n == 0 {
			return err
		}
	}
}

func (c *connection) take(n int) error {
	c.body = slices.Grow(c.body, n)
	part := c.body[len(c.body) : len(c.body)+n]
	c.body = c.body[:len(c.body)+n]
	_, err := io.ReadFull(c.in, part)
	return err
}

// errRefused is an answer with another status than 200.
var errRefused = errors.New("refused")

var keys atomic.Int64

// load repeats a call on n connections for a time and gives how long each took, sorted. Calls that write have an
// idempotency key each.
func load(ctx context.Context, addr string, call call, n int, d time.Duration) ([]time.Duration, error) {
	var group sync.WaitGroup
	took := make([][]time.Duration, n)
	failed := make([]error, n)
	end := time.Now().Add(d)
	for i := range n {
		group.Go(func() {
			c, err := dial(ctx, addr)
			if err != nil {
				failed[i] = err
				return
			}
			defer c.close()
			for at := time.Now(); at.Before(end) && failed[i] == nil; {
				key := ""
				if call.body != "" {
					key = "bench-" + strconv.FormatInt(keys.Add(1), 10)
				}
				failed[i] = c.exchange(call, key)
				now := time.Now()
				took[i] = append(took[i], now.Sub(at))
				at = now
			}
		})
	}
	group.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	return all, errors.Join(failed...)
}
