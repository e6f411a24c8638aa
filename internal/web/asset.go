package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/vezne/vezne"
)

//go:embed css js
var assetFiles embed.FS

// assetParts are the files that make up each asset, in order.
var assetParts = map[string][]string{
	"vezne.css": {"css/base.css", "css/pay.css", "css/shop.css", "css/admin.css"},
	"pay.js":    {"js/pay.js"},
	"form.js":   {"js/form.js"},
	"icon.svg":  {"css/icon.svg"},
}

var mediaTypes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// stored is an asset as it is served, with the name of its content.
type stored struct {
	body []byte
	hash string
}

var assets = sync.OnceValue(func() map[string]stored {
	all := map[string]stored{}
	for name, parts := range assetParts {
		var b bytes.Buffer
		for _, part := range parts {
			body, err := assetFiles.ReadFile(part)
			if err != nil {
				panic("web: " + err.Error()) // a file that is missing is a fault of the build
			}
			b.Write(body)
		}
		sum := sha256.Sum256(b.Bytes())
		all[name] = stored{b.Bytes(), base64.RawURLEncoding.EncodeToString(sum[:12])}
	}
	return all
})

// assetURL returns an address that changes with the content.
func assetURL(name string) string { return "/assets/" + name + "?v=" + assets()[name].hash }

// asset serves a style sheet, script or picture. Under its full address it
// never changes.
func (s *site) asset(r *http.Request) (*answer, error) {
	name := r.PathValue("name")
	a, ok := assets()[name]
	if !ok {
		return nil, vezne.E(vezne.CodeNotFound, "web.asset", "")
	}
	etag := `"` + a.hash + `"`
	out := bodyOf(http.StatusOK, mediaTypes[path.Ext(name)], a.body)
	out.header.Set("Etag", etag)
	out.header.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.hash {
		out.header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	for known := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if strings.TrimPrefix(strings.TrimSpace(known), "W/") == etag {
			out.status, out.body = http.StatusNotModified, nil
			break
		}
	}
	return out, nil
}
