// Modelimport turns botocore's data into the normalised models of models/.
//
//	go run ./tools/modelimport -wheel botocore-….whl
//
// It is run by `make models-update`, and nothing else needs the network.
package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/models"
)

func main() {
	log.SetFlags(0)
	wheel := flag.String("wheel", "", "botocore's wheel, as `pip download --no-deps botocore` fetches it")
	out := flag.String("out", "models", "folder to write to")
	vectors := flag.String("vectors", "", "folder of botocore's protocol test cases, to convert instead of the models")
	flag.Parse()
	if *vectors != "" {
		if err := importVectors(*vectors, filepath.Join("front", "wire", "testdata")); err != nil {
			log.Fatal("modelimport: ", err)
		}
		return
	}
	if err := run(*wheel, *out); err != nil {
		log.Fatal("modelimport: ", err)
	}
}

func run(wheel, out string) error {
	z, err := zip.OpenReader(wheel)
	if err != nil {
		return err
	}
	defer z.Close()
	services, err := models.Services()
	if err != nil {
		return err
	}
	for _, s := range services {
		raw, err := readService(&z.Reader, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		m, err := raw.Normalise(s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		if err := os.WriteFile(filepath.Join(out, s.Name+".json"), format(m), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// readService returns the newest service-2.json of s, and what a
// service-2.sdk-extras.json beside it merges in.
func readService(z *zip.Reader, s models.Selection) (*models.Botocore, error) {
	folder := s.Source
	if folder == "" {
		folder = s.Name
	}
	newest := ""
	for _, f := range z.File {
		if ok, _ := path.Match("botocore/data/"+folder+"/*/service-2.json.gz", f.Name); ok && f.Name > newest {
			newest = f.Name
		}
	}
	if newest == "" {
		return nil, fmt.Errorf("the wheel has no %s", folder)
	}
	f, err := z.Open(newest)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	g, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(g)
	if err != nil {
		return nil, err
	}
	src := new(models.Botocore)
	return src, json.Unmarshal(b, src)
}

// format writes one line an operation and a shape, sorted, for readable diffs.
func format(m *models.Model) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n\"name\": %s,\n\"metadata\": %s,\n", compact(m.Name), compact(m.Meta))
	b.WriteString("\"operations\": {\n")
	lines(&b, m.Operations)
	b.WriteString("},\n\"shapes\": {\n")
	lines(&b, m.Shapes)
	b.WriteString("}\n}\n")
	return b.Bytes()
}

func lines[T any](b *bytes.Buffer, all map[string]*T) {
	names := slices.Sorted(maps.Keys(all))
	for i, n := range names {
		end := ",\n"
		if i == len(names)-1 {
			end = "\n"
		}
		fmt.Fprintf(b, "%s: %s%s", compact(n), compact(all[n]), end)
	}
}

func compact(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // plain structs of strings, numbers and slices always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}
