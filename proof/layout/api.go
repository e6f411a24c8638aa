package layout

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/printer"
	"go/token"
	"sort"
	"strings"
)

// Stable are the packages whose exported names importers rely on.
var Stable = []string{".", "engine", "sandbox", "veznetest"}

// API returns the exported declarations of the stable packages, without bodies
// and comments, one block a package, in a fixed order.
func API(set *token.FileSet, files []File) (string, error) {
	var b strings.Builder
	for _, folder := range Stable {
		var blocks []string
		for _, f := range files {
			if f.Folder != folder || f.Test {
				continue
			}
			for _, d := range f.AST.Decls {
				block, err := declaration(set, d)
				if err != nil {
					return "", fmt.Errorf("%s: %w", f.Path, err)
				}
				if block != "" {
					blocks = append(blocks, block)
				}
			}
		}
		if len(blocks) == 0 {
			continue
		}
		sort.Strings(blocks)
		fmt.Fprintf(&b, "# package %s\n\n%s\n\n", folder, strings.Join(blocks, "\n"))
	}
	return b.String(), nil
}

func declaration(set *token.FileSet, d ast.Decl) (string, error) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if !d.Name.IsExported() || !exportedReceiver(d) {
			return "", nil
		}
		c := *d
		c.Doc, c.Body = nil, nil
		return render(set, &c)
	case *ast.GenDecl:
		if d.Tok == token.IMPORT {
			return "", nil
		}
		c := *d
		c.Doc = nil
		c.Specs = nil
		for _, s := range d.Specs {
			if kept := exportedSpec(s); kept != nil {
				c.Specs = append(c.Specs, kept)
			}
		}
		if len(c.Specs) == 0 {
			return "", nil
		}
		return render(set, &c)
	}
	return "", nil
}

func exportedSpec(s ast.Spec) ast.Spec {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return nil
		}
		c := *s
		c.Doc, c.Comment = nil, nil
		if st, ok := s.Type.(*ast.StructType); ok {
			c.Type = exportedFields(st)
		}
		return &c
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if !n.IsExported() {
				return nil
			}
		}
		c := *s
		c.Doc, c.Comment = nil, nil
		return &c
	}
	return nil
}

func exportedFields(st *ast.StructType) *ast.StructType {
	list := &ast.FieldList{}
	for _, f := range st.Fields.List {
		kept := &ast.Field{Type: f.Type, Tag: f.Tag}
		for _, n := range f.Names {
			if n.IsExported() {
				kept.Names = append(kept.Names, ast.NewIdent(n.Name))
			}
		}
		if len(kept.Names) > 0 || len(f.Names) == 0 {
			list.List = append(list.List, kept)
		}
	}
	return &ast.StructType{Fields: list}
}

func render(set *token.FileSet, node any) (string, error) {
	var b bytes.Buffer
	if err := printer.Fprint(&b, set, node); err != nil {
		return "", err
	}
	var lines []string
	for l := range strings.SplitSeq(b.String(), "\n") {
		if t := strings.TrimSpace(l); t != "" && !strings.HasPrefix(t, "//") {
			lines = append(lines, strings.Join(strings.Fields(l), " "))
		}
	}
	return strings.Join(lines, "\n"), nil
}
