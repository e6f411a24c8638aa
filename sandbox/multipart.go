package sandbox

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
)

// decodeMultipart reads a form with a file: its fields, and of the file its name and size; the bytes are not kept.
func decodeMultipart(root *paramNode, body []byte, boundary string) error {
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return invalid("", "", "Invalid request: the multipart body could not be read")
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return invalid("", "", "Invalid request: the multipart body could not be read")
		}
		if name := part.FileName(); name != "" {
			root.member(part.FormName()).file = &sentFile{name: name, size: int64(len(content))}
			root.hash[part.FormName()].value = name
			continue
		}
		if err := root.insert(part.FormName(), string(content)); err != nil {
			return err
		}
	}
}

// sentFile is what is known of a file that was sent.
type sentFile struct {
	name string
	size int64 // bytes
}

// File tells the name and the size in bytes of a file that was sent.
func (p formParams) File(path string) (name string, size int64) {
	if n := p.find(path); n != nil && n.file != nil {
		return n.file.name, n.file.size
	}
	return "", 0
}
