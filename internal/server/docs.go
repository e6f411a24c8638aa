package server

import (
	"bytes"
	"cmp"
	_ "embed"
	"html/template"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vezne/vezne"
)

var (
	//go:embed docs.html
	docsHTML string
	//go:embed docs.css
	docsCSS []byte

	docsTemplate = template.Must(template.New("docs").Funcs(template.FuncMap{"args": docsArgs}).Parse(docsHTML))
)

type docsTable struct {
	Title  string
	Fields []docsField
}

// docsArgs hands a title and fields to a template inside a template.
func docsArgs(title string, fields []docsField) docsTable { return docsTable{title, fields} }

type docsField struct{ Name, Type, Doc string }

type docsRoute struct {
	ID, Method, Path, Summary, Description, Tag string
	Params, Request, Response                   []docsField
	Open                                        bool
}

type docsPage struct {
	Title, Description, Server string
	Routes                     []docsRoute
	Codes                      []vezne.CodeInfo
}

// serveDocs shows the OpenAPI description as one page that needs no script and
// nothing from outside.
func (s *server) serveDocs(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	if err := docsTemplate.Execute(&b, s.docs()); err != nil {
		s.writeProblem(w, r, vezne.E(vezne.CodeInternal, "server.docs", "").Because(err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.Write(b.Bytes())
}

func serveDocsStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Write(docsCSS)
}

func (s *server) docs() docsPage {
	api := s.api.OpenAPI()
	page := docsPage{Title: api.Info.Title, Description: api.Info.Description, Server: s.PublicURL, Codes: vezne.Codes()}
	for path, item := range api.Paths {
		for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodDelete: item.Delete} {
			if op == nil {
				continue
			}
			d := docsRoute{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, Description: op.Description, Tag: op.Tags[0], Open: op.Security != nil}
			for _, p := range op.Parameters {
				d.Params = append(d.Params, docsField{p.Name, p.In, cmp.Or(p.Description, p.Schema.Description)})
			}
			if op.RequestBody != nil {
				d.Request = s.fields(op.RequestBody.Content)
			}
			for status, res := range op.Responses {
				if status != "default" {
					d.Response = s.fields(res.Content)
				}
			}
			page.Routes = append(page.Routes, d)
		}
	}
	slices.SortFunc(page.Routes, func(a, b docsRoute) int {
		return cmp.Or(cmp.Compare(tagRank(a.Tag), tagRank(b.Tag)), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	return page
}

func tagRank(tag string) int {
	return slices.Index([]string{"Orders", "Payments", "Customers", "Events", "Settings"}, tag)
}

// fields lists the top level of a JSON body.
func (s *server) fields(content map[string]*huma.MediaType) []docsField {
	media, ok := content["application/json"]
	if !ok || media.Schema == nil {
		return nil
	}
	schema := media.Schema
	if schema.Ref != "" {
		schema = s.api.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
	}
	var list []docsField
	for name, p := range schema.Properties {
		kind := p.Type
		if p.Ref != "" {
			kind = "object"
		}
		if slices.Contains(schema.Required, name) {
			kind += ", required"
		}
		list = append(list, docsField{name, kind, p.Description})
	}
	slices.SortFunc(list, func(a, b docsField) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
