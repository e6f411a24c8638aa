package sandbox

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed pages/css pages/html pages/js pages/stripejs pages/text
var pageFiles embed.FS

// asset is a script as it is served.
type asset struct {
	body []byte
	etag string
}

// scripts of our own pages, by path, each the files that make it up in order.
var pageScripts = map[string][]string{
	"/pages/checkout.js":  {"js/text.js", "js/request.js", "js/card.js", "js/field.js", "js/country.js", "js/dialog.js", "js/asked.js", "js/checkout.js", "js/order.js"},
	"/pages/invoice.js":   {"js/text.js", "js/request.js", "js/card.js", "js/field.js", "js/country.js", "js/dialog.js", "js/invoice.js"},
	"/pages/challenge.js": {"js/text.js", "js/request.js", "js/challenge.js"},
	"/pages/home.js":      {"js/home.js"},
	"/pages/element.js": {
		"js/text.js", "js/request.js", "js/card.js", "js/field.js", "js/country.js",
		"js/frame_channel.js", "js/frame_appearance.js", "js/frame_fields.js", "js/frame.js",
	},
}

// stripeScript is the Stripe.js stand-in.
var stripeScript = []string{
	"stripejs/origin.js", "js/request.js", "stripejs/emitter.js", "stripejs/frame.js", "stripejs/element.js", "stripejs/elements.js",
	"stripejs/challenge.js", "stripejs/confirm.js", "stripejs/create.js", "stripejs/checkout.js", "stripejs/stripe.js",
}

// stripeVersions are the paths that Stripe serves Stripe.js from, with what Stripe.version says there.
// @stripe/stripe-js 10 asks for endive; v3 reports a number.
var stripeVersions = map[string]string{
	"/endive/stripe.js": `"endive"`,
	"/dahlia/stripe.js": `"dahlia"`,
	"/clover/stripe.js": `"clover"`,
	"/basil/stripe.js":  `"basil"`,
	"/v3/":              `3`,
	"/v3/stripe.js":     `3`,
}

// assetPaths are the paths of all scripts.
func assetPaths() []string {
	return slices.AppendSeq(slices.Collect(maps.Keys(pageScripts)), maps.Keys(stripeVersions))
}

// pageAssets are joined at the first request for a script.
var pageAssets = sync.OnceValue(func() map[string]asset {
	assets := map[string]asset{}
	for path, files := range pageScripts {
		assets[path] = newAsset(bundle("", files))
	}
	texts, err := json.Marshal(stripeTexts())
	if err != nil {
		panic(err) // a map of strings always encodes
	}
	for path, version := range stripeVersions {
		head := fmt.Sprintf("const SCRIPT_VERSION = %s;\nconst SCRIPT_URL = location.origin;\nconst TEXTS = %s;\n", version, texts)
		assets[path] = newAsset(bundle(head, stripeScript))
	}
	return assets
})

// stripeTexts are the sentences that the stand-in itself says: errors, and the titles of its frames.
func stripeTexts() map[string]map[string]string {
	texts := map[string]map[string]string{}
	for lang, all := range pageTexts() {
		texts[lang] = map[string]string{}
		for key, sentence := range all {
			if strings.HasPrefix(key, "error.") || strings.HasPrefix(key, "frame.") {
				texts[lang][key] = sentence
			}
		}
	}
	return texts
}

// bundle joins files into one script that leaves no name behind.
func bundle(head string, files []string) []byte {
	var b bytes.Buffer
	b.WriteString("(() => {\n'use strict';\n")
	b.WriteString(head)
	for _, name := range files {
		b.WriteString(mustReadPage(name))
	}
	b.WriteString("})();\n")
	return b.Bytes()
}

func newAsset(body []byte) asset {
	sum := sha256.Sum256(body)
	return asset{body: body, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
}

// mustReadPage reads an embedded file; one that is missing is a fault of the build.
func mustReadPage(name string) string {
	b, err := pageFiles.ReadFile("pages/" + name)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// serveAsset serves a script to any origin: shops load the stand-in from theirs.
func (p *pages) serveAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := pageAssets()[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", a.etag)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
}
