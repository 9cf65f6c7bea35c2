package apigateway

import (
	"bytes"
	"context"
	"encoding/csv"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// ImportApiKeys makes keys of a table, and adds them to the usage plans that it names.
// AWS: "API key file format": columns name, key, description, enabled and
// usageplanIds, in any order and case.
func (s *Service) ImportApiKeys(ctx context.Context, in *api.ImportApiKeysInput) (*api.ImportApiKeysOutput, error) {
	rows, err := csv.NewReader(bytes.NewReader(in.Body)).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, invalid("Invalid API key file: %v", err)
	}
	columns := map[string]int{}
	for i, name := range rows[0] {
		columns[strings.ToLower(strings.TrimSpace(name))] = i
	}
	for _, name := range []string{"name", "key"} {
		if _, ok := columns[name]; !ok {
			return nil, invalid("Invalid API key file: column %s is missing", name)
		}
	}
	sc := scopeOf(ctx)
	out := &api.ImportApiKeysOutput{}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		*out = api.ImportApiKeysOutput{Ids: []string{}, Warnings: []string{}}
		for _, row := range rows[1:] {
			cell := func(name string) string {
				if i, ok := columns[name]; ok {
					return strings.TrimSpace(row[i])
				}
				return ""
			}
			k := &api.ApiKey{
				Id: new(s.id(keyIDLength)), Name: new(cell("name")), Value: new(cell("key")), Description: aws.Optional(cell("description")),
				Enabled: new(!strings.EqualFold(cell("enabled"), "false")), StageKeys: []string{},
			}
			if err := putKey(tx, sc, k); err != nil {
				return err
			}
			out.Ids = append(out.Ids, *k.Id)
			for id := range strings.FieldsFuncSeq(cell("usageplanids"), func(r rune) bool { return r == ',' || r == ' ' }) {
				if err := addMember(tx, sc, id, *k.Id); err != nil {
					out.Warnings = append(out.Warnings, "Key "+*k.Id+" was not added to usage plan "+id)
				}
			}
		}
		if deref(in.FailOnWarnings) && len(out.Warnings) > 0 {
			return invalid("%s", strings.Join(out.Warnings, "\n"))
		}
		return nil
	})
	return out, err
}
