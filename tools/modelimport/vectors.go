package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/brume-cloud/brume/models"
)

// suite is a group of botocore's protocol test cases.
type suite struct {
	Metadata json.RawMessage
	Shapes   json.RawMessage
	Cases    []map[string]json.RawMessage
}

// Vector is a protocol test case as front/wire's tests read it.
type Vector struct {
	ID        string                     `json:"id"`
	Operation string                     `json:"operation"`
	Meta      models.Meta                `json:"meta"`
	Schema    string                     `json:"schema"`
	Case      map[string]json.RawMessage `json:"case"` // params and serialized, or result, error and response
}

// importVectors converts botocore's tests/unit/protocols/{input,output} to
// one file a protocol and direction, with the shapes as schema text.
func importVectors(from, to string) error {
	paths, err := filepath.Glob(filepath.Join(from, "*put", "*.json"))
	if err != nil || len(paths) == 0 {
		return fmt.Errorf("no protocol cases in %s: %w", from, err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var suites []suite
		if err := json.Unmarshal(b, &suites); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		var out []string
		for _, s := range suites {
			for _, c := range s.Cases {
				v, err := s.vector(c)
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				out = append(out, compact(v))
			}
		}
		name := filepath.Base(filepath.Dir(path)) + "-" + filepath.Base(path)
		text := "[\n" + strings.Join(out, ",\n") + "\n]\n"
		if err := os.WriteFile(filepath.Join(to, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (s suite) vector(c map[string]json.RawMessage) (*Vector, error) {
	var id string
	var given struct {
		Name   string
		Errors []struct{ Shape string }
	}
	if err := json.Unmarshal(c["id"], &id); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(c["given"], &given); err != nil {
		return nil, err
	}
	src := new(models.Botocore)
	whole := fmt.Sprintf(`{"metadata":%s,"shapes":%s,"operations":{%q:%s}}`, s.Metadata, s.Shapes, given.Name, c["given"])
	if err := json.Unmarshal([]byte(whole), src); err != nil {
		return nil, fmt.Errorf("%s: %w", id, err)
	}
	m, err := src.Normalise(models.Selection{Name: "vector"})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", id, err)
	}
	for _, name := range []string{"id", "given", "description", "documentation"} {
		delete(c, name)
	}
	return &Vector{ID: id, Operation: given.Name, Meta: m.Meta, Schema: string(m.SchemaText()), Case: c}, nil
}
