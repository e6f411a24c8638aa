package sandbox

// chunkSize is how many values a chunk makes at once.
const chunkSize = 32

// chunk makes values that are kept for as long as their account, many at a time: the collector looks at each piece of
// memory by itself, and a payment would leave dozens.
type chunk[T any] struct{ left []T }

// next is a value of its own.
func (c *chunk[T]) next() *T { return &c.some(1)[0] }

// some are n values of their own, without room for more; n is at most chunkSize.
func (c *chunk[T]) some(n int) []T {
	if len(c.left) < n {
		c.left = make([]T, chunkSize)
	}
	taken := c.left[:n:n]
	c.left = c.left[n:]
	return taken
}
