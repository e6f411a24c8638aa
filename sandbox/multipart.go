package sandbox

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
)

// decodeMultipart reads a form with a file: its fields, and of the file its name and its bytes.
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
			root.member(part.FormName()).file = &sentFile{name, content}
			root.hash[part.FormName()].value = name
			continue
		}
		if err := root.insert(part.FormName(), string(content)); err != nil {
			return err
		}
	}
}

// sentFile is a file that was sent.
type sentFile struct {
	name    string
	content []byte
}

// sentFile is the file that was sent as a parameter, nil for none.
func (p formParams) sentFile(path string) *sentFile {
	if n := p.find(path); n != nil {
		return n.file
	}
	return nil
}
