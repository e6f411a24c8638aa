package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"testing"
	"time"
)

// upload sends a file as the SDKs do.
func (s *shop) upload(purpose, name string, content []byte, pairs ...string) (int, object) {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := form.WriteField(pairs[i], pairs[i+1]); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := form.WriteField("purpose", purpose); err != nil {
		s.t.Fatal(err)
	}
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := part.Write(content); err != nil {
		s.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server.URL+"/v1/files", &body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.key)
	r.Header.Set("Content-Type", form.FormDataContentType())
	status, _, text := s.fetch(r)
	var o object
	if err := json.Unmarshal(text, &o); err != nil {
		s.t.Fatalf("%v: %s", err, text)
	}
	return status, o
}

func (s *shop) fetch(r *http.Request) (status int, header http.Header, body []byte) {
	s.t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, body
}

// download asks an address with a key, "" for none.
func (s *shop) download(address, key string) (int, http.Header, []byte) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	return s.fetch(r)
}

func TestAFileIsKept(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	content := append([]byte("%PDF-1.4\n\x00\xff"), bytes.Repeat([]byte("receipt "), 1<<18)...) // 2 MiB
	status, file := s.upload("dispute_evidence", "receipt.pdf", content)
	if status != http.StatusOK {
		t.Fatalf("status %d: %v", status, file)
	}
	file.want(t, "object", "file", "filename", "receipt.pdf", "purpose", "dispute_evidence", "size", len(content), "type", "pdf", "links.object", "list",
		"url", s.server.URL+"/v1/files/"+file.str("id")+"/contents")
	wantEvents(t, s.events())
	s.get("/v1/files/"+file.str("id")).want(t, "size", len(content))
	got, header, body := s.download(file.str("url"), s.key)
	if got != http.StatusOK || header.Get("Content-Type") != "application/pdf" || !bytes.Equal(body, content) {
		t.Errorf("contents: status %d, type %s, %d bytes, want 200, application/pdf, %d", got, header.Get("Content-Type"), len(body), len(content))
	}
	s.refused("GET", "/v1/files/file_none/contents").want(t, "status", 404, "code", "resource_missing")
	s.refused("POST", "/v1/files", "purpose", "dispute_evidence", "file", "text").want(t, "status", 400, "param", "file")
	for _, tc := range []struct {
		name    string
		content []byte
	}{{"receipt.csv", []byte("a,b")}, {"receipt.pdf", nil}, {"receipt.pdf", bytes.Repeat([]byte("x"), 5<<20+1)}} {
		if status, o := s.upload("dispute_evidence", tc.name, tc.content); status != http.StatusBadRequest || o.str("error.param") != "file" {
			t.Errorf("%s of %d bytes: status %d: %v", tc.name, len(tc.content), status, o)
		}
	}
}

func TestAFileLinkIsPublicUntilItExpires(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, file := s.upload("business_logo", "logo.png", []byte("\x89PNG\r\n"), "file_link_data[create]", "true")
	file.want(t, "links.data.0.file", file.str("id"), "links.data.0.expired", false)
	link := s.post("/v1/file_links", "file", file.str("id"), "expires_at", strconv.Itoa(start+60), "metadata[a]", "b")
	link.want(t, "file", file.str("id"), "expired", false, "expires_at", start+60, "metadata.a", "b")
	if status, header, body := s.download(link.str("url"), ""); status != http.StatusOK || header.Get("Content-Type") != "image/png" || string(body) != "\x89PNG\r\n" {
		t.Errorf("status %d, type %s, %q", status, header.Get("Content-Type"), body)
	}
	s.wait(time.Minute)
	s.get("/v1/file_links/"+link.str("id")).want(t, "expired", true)
	if status, _, _ := s.download(link.str("url"), ""); status != http.StatusNotFound {
		t.Errorf("an expired link answers %d, want 404", status)
	}
	first := file.str("links.data.0.id")
	s.post("/v1/file_links/"+first, "expires_at", "now").want(t, "expired", true)
	s.refused("POST", "/v1/file_links", "file", "file_none").want(t, "status", 400, "param", "file")
	s.refused("POST", "/v1/file_links", "file", file.str("id"), "expires_at", "5").want(t, "status", 400, "param", "expires_at")
}
