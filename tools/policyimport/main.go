// Policyimport turns the AWS managed policies that the moto project captured
// from AWS's API into the catalogue that front/policy/managed embeds.
//
//	go run ./tools/policyimport -from moto/iam/aws_managed_policies.py
//
// The source is one Python module that assigns one JSON text between triple
// quotes. The catalogue is two files: catalog.index, gzip of one line a policy,
// and catalog.documents, gzip members of a few documents each, so that reading
// one policy means expanding one small member.
package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// perMember is how many documents share a gzip member: enough to compress
// well, few enough to expand in a fraction of a millisecond.
const perMember = 24

// source is what the capture says of one policy.
type source struct {
	CreateDate, UpdateDate time.Time
	DefaultVersionId, Path string
	Document               struct {
		Version   string `json:",omitempty"`
		Id        string `json:",omitempty"`
		Statement statements
	}
}

// statements is a list, or one alone, which some documents have.
type statements []json.RawMessage

// UnmarshalJSON reads either.
func (s *statements) UnmarshalJSON(b []byte) error {
	if b[0] == '{' {
		*s = statements{slices.Clone(b)}
		return nil
	}
	return json.Unmarshal(b, (*[]json.RawMessage)(s))
}

// statement orders the elements as people write them.
type statement struct {
	Sid          json.RawMessage `json:",omitempty"`
	Effect       json.RawMessage `json:",omitempty"`
	Principal    json.RawMessage `json:",omitempty"`
	NotPrincipal json.RawMessage `json:",omitempty"`
	Action       json.RawMessage `json:",omitempty"`
	NotAction    json.RawMessage `json:",omitempty"`
	Resource     json.RawMessage `json:",omitempty"`
	NotResource  json.RawMessage `json:",omitempty"`
	Condition    json.RawMessage `json:",omitempty"`
}

func main() {
	log.SetFlags(0)
	from := flag.String("from", "", "moto's aws_managed_policies.py")
	to := flag.String("to", filepath.Join("front", "policy", "managed"), "folder to write to")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		log.Fatal("policyimport: ", err)
	}
}

func run(from, to string) error {
	policies, err := read(from)
	if err != nil {
		return err
	}
	names := slices.SortedFunc(maps.Keys(policies), func(a, b string) int {
		return cmp.Compare(strings.ToLower(a), strings.ToLower(b))
	})
	var index, documents bytes.Buffer
	for group := range slices.Chunk(names, perMember) {
		offset := documents.Len()
		var lines bytes.Buffer
		for _, name := range group {
			doc, err := document(policies[name])
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			lines.Write(doc)
			lines.WriteByte('\n')
		}
		if err := compress(&documents, lines.Bytes()); err != nil {
			return err
		}
		for i, name := range group {
			p := policies[name]
			fmt.Fprintf(&index, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\n", name, p.Path, p.DefaultVersionId,
				p.CreateDate.Unix(), p.UpdateDate.Unix(), offset, documents.Len()-offset, i)
		}
	}
	var packed bytes.Buffer
	if err := compress(&packed, index.Bytes()); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(to, "catalog.index"), packed.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "catalog.documents"), documents.Bytes(), 0o644)
}

// read finds the JSON in the Python module.
func read(name string) (map[string]*source, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(string(b), `"""`)
	if len(parts) != 3 || strings.Contains(parts[1], `\`) {
		return nil, errors.New("not one plain triple-quoted text")
	}
	policies := map[string]*source{}
	return policies, json.Unmarshal([]byte(parts[1]), &policies)
}

func document(p *source) ([]byte, error) {
	for i, raw := range p.Document.Statement {
		var st statement
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&st); err != nil {
			return nil, err
		}
		ordered, err := marshal(st)
		if err != nil {
			return nil, err
		}
		p.Document.Statement[i] = ordered
	}
	return marshal(p.Document)
}

// marshal is json.Marshal without the escapes that are for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	err := json.Compact(&compact, b.Bytes())
	return compact.Bytes(), err
}

func compress(to *bytes.Buffer, b []byte) error {
	z, err := gzip.NewWriterLevel(to, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(b); err != nil {
		return err
	}
	return z.Close()
}
