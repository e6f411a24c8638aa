package sandbox

import (
	"encoding/base64"
	"mime"
	"net/http"
	"path/filepath"
	"strings"
)

func init() {
	behave("POST /v1/files", createFile)
	behave("POST /v1/file_links", createFileLink)
	behave("POST /v1/file_links/{link}", updateFileLink)
	private("GET /v1/files/{file}/contents", readFileContents)
	private("GET /v1/file_link_contents/{token}", readLinkedFile)
	onDue("file_link.expire", expireFileLink)
}

const (
	// hiddenContents are the bytes of a file, in base 64; of an answer, what is sent instead of JSON.
	hiddenContents = "_contents"
	// hiddenContentType is the media type of such an answer.
	hiddenContentType = "_content_type"
	// hiddenLinkToken is the end of a file link's address.
	hiddenLinkToken = "_token"

	// maxFile is the greatest file, in bytes: 16 MB, as at Stripe (docs.stripe.com/file-upload); maxEvidence that of
	// evidence.
	maxFile     = 16 << 20
	maxEvidence = 5 << 20
)

// fileTypes are Stripe's words for the endings of files.
var fileTypes = map[string]string{"jpeg": "jpg", "docx": "docx", "csv": "csv", "gif": "gif", "jpg": "jpg", "pdf": "pdf", "png": "png", "xls": "xls", "xlsx": "xlsx", "txt": "txt", "zip": "zip"}

// evidenceTypes are the kinds of files that may be evidence or a document (docs.stripe.com/file-upload).
var evidenceTypes = map[string]bool{"jpg": true, "pdf": true, "png": true}

func createFile(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	sent := p.sentFile("file")
	if sent == nil {
		return nil, invalid("file", "", "Invalid file: must be sent as multipart/form-data.")
	}
	purpose, kind := p.Str("purpose"), fileType(sent)
	strict := purpose == "dispute_evidence" || purpose == "identity_document" || purpose == "additional_verification"
	switch {
	case len(sent.content) == 0:
		return nil, invalid("file", "", "The file you uploaded was empty.")
	case strict && !evidenceTypes[kind]:
		return nil, invalid("file", "", "The file must be a PDF, JPEG, or PNG to be used as %s.", purpose)
	case strict && purpose == "dispute_evidence" && len(sent.content) > maxEvidence:
		return nil, invalid("file", "", "The file is larger than %d bytes, the most that %s may have.", maxEvidence, purpose)
	}
	o := tx.New("file")
	o.Set("filename", sent.name).Set("purpose", purpose).Set("size", int64(len(sent.content))).Set("type", kind).
		Set("url", tx.URL("/v1/files/"+o.ID()+"/contents")).Set(hiddenContents, base64.StdEncoding.EncodeToString(sent.content))
	o.Set("links", listObject("/v1/file_links?file="+o.ID(), nil, false))
	tx.Put(o) // file.created is for files that Stripe makes
	if p.Bool("file_link_data.create") {
		link, err := newFileLink(tx, o, p.Int("file_link_data.expires_at"), "file_link_data[expires_at]")
		if err != nil {
			return nil, err
		}
		if data, ok := p.Hash("file_link_data"); ok {
			applyMetadata(tx, link, onlyMetadata(data))
		}
		keepFileLink(tx, o, link)
		o = tx.Get("file", o.ID())
	}
	return o, nil
}

// fileType is Stripe's word for a kind of file: by the name's ending, else by its first bytes.
func fileType(sent *sentFile) string {
	if word := fileTypes[strings.ToLower(strings.TrimPrefix(filepath.Ext(sent.name), "."))]; word != "" {
		return word
	}
	kind, _, _ := mime.ParseMediaType(http.DetectContentType(sent.content))
	_, word, _ := strings.Cut(kind, "/")
	if known := fileTypes[word]; known != "" {
		return known
	}
	return "txt"
}

func createFileLink(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	file := tx.Get("file", p.Str("file"))
	if file == nil {
		return nil, missing("file", p.Str("file"), "file", http.StatusBadRequest)
	}
	link, err := newFileLink(tx, file, p.Int("expires_at"), "expires_at")
	if err != nil {
		return nil, err
	}
	applyMetadata(tx, link, p)
	return keepFileLink(tx, file, link), nil
}

// newFileLink makes a public address of a file, good until expires; 0 is for good. param names expires in errors.
func newFileLink(tx *accountTx, file *stripeObject, expires int64, param string) (*stripeObject, error) {
	if expires != 0 && expires <= tx.Now() {
		return nil, invalid(param, "", "The %s must be in the future.", param)
	}
	token := tx.NewID("", 40)
	link := tx.New("file_link").Set("file", file.ID()).Set("expired", false).Set("url", tx.URL("/links/"+token)).Set(hiddenLinkToken, token)
	if expires != 0 {
		link.Set("expires_at", expires)
	}
	return link, nil
}

func keepFileLink(tx *accountTx, file, link *stripeObject) *stripeObject {
	tx.Publish(link.Str(hiddenLinkToken))
	if at := link.Int("expires_at"); at != 0 {
		tx.Due(at, "file_link.expire", link.ID())
	}
	tx.Put(link)
	showLinks(tx, file.ID())
	return link
}

// showLinks writes a file's links into it, the newest first.
func showLinks(tx *accountTx, id string) {
	file := tx.Get("file", id)
	if file == nil {
		return
	}
	tx.Put(file.Edit().Set("links", listWith(file.Hash("links"), ofField(tx, "file_link", "file", id))))
}

func updateFileLink(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	p := r.Params()
	link := tx.Get("file_link", r.Path("link"))
	if link == nil {
		return nil, missing("file_link", r.Path("link"), "link", http.StatusNotFound)
	}
	link = link.Edit()
	switch {
	case p.Str("expires_at") == "now":
		link.Set("expires_at", tx.Now()).Set("expired", true)
	case p.Null("expires_at"):
		link.Set("expires_at", nil)
	case p.Has("expires_at"):
		if p.Int("expires_at") <= tx.Now() {
			return nil, invalid("expires_at", "", "The expires_at must be in the future.")
		}
		link.Set("expires_at", p.Int("expires_at"))
		tx.Due(p.Int("expires_at"), "file_link.expire", link.ID())
	}
	applyMetadata(tx, link, p)
	tx.Put(link)
	showLinks(tx, link.Str("file"))
	return link, nil
}

func expireFileLink(tx *accountTx, id string) error {
	link := tx.Get("file_link", id)
	if link == nil || !link.Has("expires_at") || link.Int("expires_at") > tx.Now() || link.Bool("expired") {
		return nil
	}
	tx.Put(link.Edit().Set("expired", true))
	showLinks(tx, link.Str("file"))
	return nil
}

// contentsOf is an answer that is the file itself.
func contentsOf(file *stripeObject) *stripeObject {
	kind := mime.TypeByExtension("." + file.Str("type"))
	if kind == "" {
		kind = "application/octet-stream"
	}
	return hash("object", "file_contents").Set(hiddenContents, file.Str(hiddenContents)).Set(hiddenContentType, kind)
}

func readFileContents(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	file := tx.Get("file", r.Path("file"))
	if file == nil || !file.Has(hiddenContents) {
		return nil, missing("file", r.Path("file"), "file", http.StatusNotFound)
	}
	return contentsOf(file), nil
}

// readLinkedFile answers the file behind a link's token, as long as the link is good. It needs no key.
func readLinkedFile(tx *accountTx, r *apiRequest) (*stripeObject, error) {
	var link *stripeObject
	tx.Each("file_link", func(o *stripeObject) bool {
		if o.Str(hiddenLinkToken) == r.Path("token") {
			link = o
		}
		return link == nil
	})
	if link == nil || link.Bool("expired") {
		return nil, missing("file link", r.Path("token"), "token", http.StatusNotFound)
	}
	file := tx.Get("file", link.Str("file"))
	if file == nil || !file.Has(hiddenContents) {
		return nil, missing("file", link.Str("file"), "token", http.StatusNotFound)
	}
	return contentsOf(file), nil
}
